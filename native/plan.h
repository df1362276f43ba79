// A plan: the phases that execute a graph for one purpose (training, prediction, ...), grouped into stages, and their memory.
//
// A phase does one kernel's work. Per-pack phases follow each other for one pack on one thread (depth first, so that what one
// kernel leaves in the cache the next one finds there); a whole-batch phase needs all packs and is shared out among the
// threads. Between stages all threads meet. What is computed, and in which order sums are taken, depends on the graph and
// the batch alone; threads only decide who does it.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernels/kernels.h"
#include "memory.h"
#include "threads.h"

namespace striate {

class Plan;
struct WarpedImages;

// The images of one input of the graph, chosen by index; the same for targets.
struct Source {
  const char* data = nullptr;
  Pixel pixel = Pixel::float32;
  int64_t stride = 0;  // bytes from one image to the next
  const WarpedImages* warped = nullptr;  // made as they are read; instead of data
};

// Where each image's values of one node go.
struct Sink {
  float* data = nullptr;
  int64_t stride = 0;  // floats
};

// One batch on its way through a plan.
struct Batch {
  std::vector<Source> images, targets;
  std::vector<Source> cotangents;  // float32, in batch order
  std::vector<Sink> outputs;       // in batch order
  const int64_t* order = nullptr;  // indices of the batch's images
  const float* weights = nullptr;  // of all images, for each output or for all, or null
  int64_t weights_each = 1;        // how many an image has
  int64_t count = 0;               // images in the batch
  int64_t packs = 0;
  uint64_t seed = 0, step = 0;

  float weight(int64_t image, size_t output) const {
    return weights ? weights[image * weights_each + (weights_each > 1 ? static_cast<int64_t>(output) : 0)] : 1.0f;
  }
};

// Which part of a phase's work to do: one pack (per-pack) or all (whole batch, pack = -1), and which share of it.
struct Work {
  const Plan& plan;
  const Batch& batch;
  int64_t pack;
  int64_t part, parts;
  int thread;
  int64_t slice = -1;  // of a sliced phase the one to do, or all

  float* at(int buffer) const;                 // per-pack phases: this pack's memory
  float* at(int buffer, int64_t pack) const;   // whole-batch phases
  float* workspace() const;                    // this thread's own
  int64_t row_at(const struct Slicing&, int64_t slice) const;  // at which row of the map's buffers a slice begins
  int filled() const;                          // images in this pack
  int filled(int64_t pack) const;
};

// This share of so many things, of a divisible phase: [first, last).
struct Share {
  int64_t first, last;
  Share(const Work& w, int64_t count) : first(count * w.part / w.parts), last(count * (w.part + 1) / w.parts) {}
  int64_t count() const { return last - first; }
};

// A convolution's phases and those of the pooling behind it, which follow each other: a thread takes a slice of the rows
// through all of them before the next, so that what lies between them stays in its cache. Pooled rows share no row of the map.
struct Slicing {
  int group = -1;  // its phases; -1: not sliced
  int64_t count = 1;
  int64_t rows = 0, pooled_rows = 0, stride = 0;
  bool fleeting = false;  // the map is never kept: its buffers hold one slice, unless the plan is divided

  bool any() const { return group >= 0; }
  int64_t pooled_row(int64_t slice) const { return pooled_rows * slice / count; }  // first of the slice
  int64_t row(int64_t slice) const { return slice == count ? rows : pooled_row(slice) * stride; }
  int64_t most_rows() const {
    int64_t most = 0;
    for (int64_t s = 0; s < count; s++) most = most > row(s + 1) - row(s) ? most : row(s + 1) - row(s);
    return most;
  }
};

// Calls work(slice) for each slice that is to be done.
template <class Slice>
void each_slice(const Work& w, const Slicing& slices, Slice work) {
  for (int64_t s = w.slice < 0 ? 0 : w.slice; s < (w.slice < 0 ? slices.count : w.slice + 1); s++) work(s);
}

using Run = std::function<void(const Work&)>;

struct Phase {
  const char* name;
  bool whole_batch;
  bool divisible;             // per-pack phases: may be shared out within a pack
  std::vector<int> buffers;   // what it reads and writes
  Run run;
  Slicing slices;
};

class Plan {
 public:
  Plan(const Kernels& kernels, ThreadPool& threads) : kernels(kernels), threads(threads) {}

  int buffer(int64_t vectors) { return buffer(vectors, vectors); }
  int buffer(int64_t vectors, int64_t if_divided);
  void per_pack(const char* name, std::vector<int> buffers, Run run, bool divisible = false, Slicing slices = {});
  void whole_batch(const char* name, std::vector<int> buffers, Run run);
  // Multiply-adds of one pack, in lane vectors: what sharing out the plan's work could gain.
  void add_work(int64_t multiply_adds) { work_ += multiply_adds; }
  // Memory for what lives within one layer's phases, shared by all layers: floats for all threads together, and for each.
  void need_workspace(int64_t shared, std::function<int64_t(int64_t packs)> each) {
    workspace_floats_ = shared > workspace_floats_ ? shared : workspace_floats_;
    thread_workspaces_.push_back(std::move(each));
  }
  float* workspace() const { return workspace_.data(); }
  void on_prepare(std::function<void(int64_t packs)> hook) { prepare_hooks_.push_back(std::move(hook)); }

  // Lays out the memory for batches of up to so many packs. Called before run, never inside a parallel region.
  void prepare(int64_t packs);
  // One batch, called by each of the `team()` threads; all have met when it returns.
  void run(const Batch& batch, int thread) const;

  // Seconds that the first thread spent in each phase since the start of profiling.
  void start_profile() { seconds_.assign(phases_.size(), 0.0); }
  std::vector<std::pair<std::string, double>> profile() const;

  int64_t packs_of(int64_t images) const { return (images + kernels.lanes - 1) / kernels.lanes; }
  int64_t capacity() const { return capacity_; }
  int team() const { return team_; }
  void meet() const { barrier_.wait(); }
  int64_t slots(int64_t packs) const { return packs < MAX_SLOTS ? packs : MAX_SLOTS; }
  int64_t slot_of(int64_t pack) const { return pack % slots(capacity_); }
  int64_t pack_stride() const { return shared_stride_; }  // floats, of buffers that whole-batch phases see

  const Kernels& kernels;
  ThreadPool& threads;

 private:
  friend struct Work;
  static constexpr int64_t MAX_SLOTS = 16;  // gradient sums kept apart, so that threads need not wait for each other

  struct Buffer {
    int64_t undivided, divided;
    int64_t floats = 0;
    size_t first = SIZE_MAX, last = 0;  // phases
    bool local = false;                 // lives within one stage: one copy for each thread is enough
    int64_t offset = 0;
  };
  struct Stage {
    size_t first, last;  // phases [first, last)
    bool whole_batch;
  };

  void find_stages(bool separate);
  void place_buffers();
  int64_t place(bool local);
  void guard_buffers(int64_t packs) const;
  void run_stage(const Stage& stage, const Batch& batch, int thread) const;
  size_t end_of_group(size_t i, size_t last) const;
  void run_phases(const Stage& stage, Work work) const;
  void run_phase(size_t phase, const Work& work) const;

  std::vector<Buffer> buffers_;
  std::vector<Phase> phases_;
  std::vector<Stage> stages_;
  std::vector<std::function<void(int64_t)>> prepare_hooks_;
  mutable std::vector<double> seconds_;  // empty: not profiling
  int64_t capacity_ = 0;
  int64_t work_ = 0;
  int team_ = 1;          // threads that take part
  mutable Barrier barrier_;
  bool divided_ = false;  // fewer packs than threads: every phase is a stage, and divisible ones are shared out
  int64_t local_stride_ = 0, shared_stride_ = 0, workspace_stride_ = 0, workspace_floats_ = 0;
  std::vector<std::function<int64_t(int64_t)>> thread_workspaces_;
  Memory local_, shared_, workspace_, thread_workspace_;
};

}  // namespace striate
