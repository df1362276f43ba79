#include "plan.h"

#include <algorithm>
#include <ctime>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace striate {

constexpr int64_t ALIGNMENT = 16;  // floats: a cache line, and the longest lane vector

// Under the address sanitizer buffers share no memory, and what lies between them may not be touched.
#if defined(__SANITIZE_ADDRESS__)
constexpr int64_t GUARD = 8 * ALIGNMENT;
static void forbid(const float* first, const float* last) {
  __asan_poison_memory_region(first, static_cast<size_t>(last - first) * sizeof(float));
}
#else
constexpr int64_t GUARD = 0;
static void forbid(const float*, const float*) {}
#endif

static int64_t aligned(int64_t floats) { return (floats + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; }

float* Work::at(int buffer) const { return at(buffer, pack); }

float* Work::at(int buffer, int64_t of_pack) const {
  const auto& b = plan.buffers_[static_cast<size_t>(buffer)];
  return b.local ? plan.local_.data() + thread * plan.local_stride_ + b.offset
                 : plan.shared_.data() + of_pack * plan.shared_stride_ + b.offset;
}

float* Work::workspace() const { return plan.thread_workspace_.data() + thread * plan.workspace_stride_; }

int Work::filled() const { return filled(pack); }

int Work::filled(int64_t of_pack) const {
  return static_cast<int>(std::min<int64_t>(plan.kernels.lanes, batch.count - of_pack * plan.kernels.lanes));
}

int64_t Work::row_at(const Slicing& slices, int64_t slice) const { return slices.fleeting && !plan.divided_ ? 0 : slices.row(slice); }

int Plan::buffer(int64_t vectors, int64_t if_divided) {
  buffers_.push_back({vectors * kernels.lanes, if_divided * kernels.lanes});
  return static_cast<int>(buffers_.size()) - 1;
}

void Plan::per_pack(const char* name, std::vector<int> buffers, Run run, bool divisible, Slicing slices) {
  phases_.push_back({name, false, divisible, std::move(buffers), std::move(run), slices});
}

void Plan::whole_batch(const char* name, std::vector<int> buffers, Run run) {
  phases_.push_back({name, true, false, std::move(buffers), std::move(run), {}});
}

void Plan::find_stages(bool separate) {
  stages_.clear();
  for (size_t i = 0; i < phases_.size(); i++) {
    const bool joins = !separate && !stages_.empty() && !phases_[i].whole_batch && !stages_.back().whole_batch;
    if (joins)
      stages_.back().last = i + 1;
    else
      stages_.push_back({i, i + 1, phases_[i].whole_batch});
  }
}

static int64_t room(int64_t floats) { return aligned(floats) + GUARD; }

// Buffers whose lives do not overlap share memory: each takes the lowest free place, the largest first.
int64_t Plan::place(bool local) {
  std::vector<Buffer*> waiting, placed;
  for (auto& b : buffers_)
    if (b.first != SIZE_MAX && b.local == local) waiting.push_back(&b);
  std::stable_sort(waiting.begin(), waiting.end(), [](auto* a, auto* b) { return a->floats > b->floats; });
  int64_t total = 0;
  for (Buffer* b : waiting) {
    std::vector<std::pair<int64_t, int64_t>> taken;
    for (Buffer* other : placed)
      if (GUARD > 0 || (other->first <= b->last && b->first <= other->last))
        taken.push_back({other->offset, other->offset + room(other->floats)});
    std::sort(taken.begin(), taken.end());
    int64_t offset = 0;
    for (const auto& [start, end] : taken) {
      if (start - offset >= room(b->floats)) break;
      offset = std::max(offset, end);
    }
    b->offset = offset;
    total = std::max(total, offset + room(b->floats));
    placed.push_back(b);
  }
  return total;
}

void Plan::place_buffers() {
  for (auto& b : buffers_) b.first = SIZE_MAX, b.last = 0, b.floats = divided_ ? b.divided : b.undivided;
  for (size_t i = 0, end; i < phases_.size(); i = end) {  // sliced phases take turns: their buffers live at the same time
    end = end_of_group(i, phases_.size());
    for (size_t p = i; p < end; p++)
      for (int id : phases_[p].buffers) {
        auto& b = buffers_[static_cast<size_t>(id)];
        b.first = std::min(b.first, i);
        b.last = end - 1;
      }
  }
  for (auto& b : buffers_) {
    b.local = false;
    for (const auto& stage : stages_)
      if (!divided_ && !stage.whole_batch && b.first >= stage.first && b.last < stage.last) b.local = true;
  }
  // An odd number of cache lines between packs keeps the same place of all packs out of the same cache sets.
  const auto stride = [](int64_t floats) { return floats + (floats / ALIGNMENT % 2 ? 0 : ALIGNMENT); };
  local_stride_ = stride(place(true));
  shared_stride_ = stride(place(false));
}

void Plan::guard_buffers(int64_t packs) const {
  if (GUARD == 0) return;
  for (const Buffer& b : buffers_) {
    if (b.first == SIZE_MAX) continue;
    const int64_t copies = b.local ? team_ : packs, stride = b.local ? local_stride_ : shared_stride_;
    const float* start = (b.local ? local_ : shared_).data() + b.offset;
    for (int64_t i = 0; i < copies; i++, start += stride) forbid(start + b.floats, start + room(b.floats));
  }
  for (int64_t i = 1; i <= team_; i++) {
    const float* end = thread_workspace_.data() + i * workspace_stride_;
    forbid(end - ALIGNMENT, end);
  }
}

void Plan::prepare(int64_t packs) {
  if (packs == capacity_) return;
  // A pack's worth of threads, and more only for work that is worth their meeting after every phase (about 0.2 ms each).
  constexpr int64_t WORTH = 1 << 20;
  team_ = static_cast<int>(std::min<int64_t>(threads.size(), std::max(packs, packs * work_ / WORTH)));
  barrier_.set_count(team_);
  divided_ = packs < team_;
  find_stages(divided_);
  place_buffers();
  capacity_ = 0;  // stays so if memory runs out
  local_.resize(local_stride_ * team_);
  shared_.resize(shared_stride_ * packs);
  workspace_.resize(workspace_floats_);
  workspace_stride_ = 0;
  for (const auto& each : thread_workspaces_) workspace_stride_ = std::max(workspace_stride_, aligned(each(packs)) + ALIGNMENT);
  thread_workspace_.resize(workspace_stride_ * team_);
  guard_buffers(packs);
  for (const auto& hook : prepare_hooks_) hook(packs);
  capacity_ = packs;
}

// This thread's own time: what other processes take of the core does not count.
static double thread_seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

void Plan::run_phase(size_t phase, const Work& work) const {
  if (seconds_.empty() || work.thread != 0) return phases_[phase].run(work);
  const double start = thread_seconds();
  phases_[phase].run(work);
  seconds_[phase] += thread_seconds() - start;
}

std::vector<std::pair<std::string, double>> Plan::profile() const {
  std::vector<std::pair<std::string, double>> result;
  for (size_t i = 0; i < seconds_.size(); i++) result.push_back({phases_[i].name, seconds_[i]});
  return result;
}

// Behind the phases that are sliced together with phase i, or behind i.
size_t Plan::end_of_group(size_t i, size_t last) const {
  size_t end = i + 1;
  while (phases_[i].slices.any() && end < last && phases_[end].slices.group == phases_[i].slices.group) end++;
  return end;
}

void Plan::run_phases(const Stage& stage, Work work) const {
  for (size_t i = stage.first, end; i < stage.last; i = end) {
    end = end_of_group(i, stage.last);
    for (int64_t s = 0; s < phases_[i].slices.count; s++) {
      work.slice = s;
      for (size_t p = i; p < end; p++) run_phase(p, work);
    }
  }
}

void Plan::run_stage(const Stage& stage, const Batch& batch, int thread) const {
  if (stage.whole_batch) {
    run_phase(stage.first, {*this, batch, -1, thread, team_, thread});
    return;
  }
  // Packs of one gradient slot belong to one thread, which takes them in order.
  const int64_t parts = divided_ && phases_[stage.first].divisible ? (team_ + capacity_ - 1) / capacity_ : 1;
  for (int64_t pack = 0; pack < batch.packs; pack++)
    for (int64_t part = 0; part < parts; part++) {
      if ((slot_of(pack) * parts + part) % team_ != thread) continue;
      run_phases(stage, {*this, batch, pack, part, parts, thread});
    }
}

void Plan::run(const Batch& batch, int thread) const {
  for (const auto& stage : stages_) {
    run_stage(stage, batch, thread);
    meet();
  }
}

}  // namespace striate
