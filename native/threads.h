// The engine's own pool of threads. One parallel region at a time; inside it threads meet at barriers.
#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace striate {

class Barrier {
 public:
  Barrier() : count_(1), spins_(0), waiting_(0), generation_(0) {}

  // How many threads meet. Never called while one waits.
  void set_count(int count);

  // Returns when all threads have arrived. Spins for a moment, since stages are short, then sleeps.
  void wait() {
    const int generation = generation_.load(std::memory_order_acquire);
    if (waiting_.fetch_add(1, std::memory_order_acq_rel) == count_ - 1) {
      waiting_.store(0, std::memory_order_relaxed);
      generation_.fetch_add(1, std::memory_order_release);
      generation_.notify_all();
      return;
    }
    for (int i = 0; i < spins_; i++) {
      if (generation_.load(std::memory_order_acquire) != generation) return;
      pause();
    }
    while (generation_.load(std::memory_order_acquire) == generation) generation_.wait(generation);
  }

 private:
  static void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }

  int count_, spins_;
  std::atomic<int> waiting_, generation_;
};

// Threads are started when first needed, and again in the child of a fork, which has none of its parent's.
class ThreadPool {
 public:
  explicit ThreadPool(int count);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return count_; }

  // Whoever runs something, from whatever thread, holds this: one parallel region at a time, one user of a program's memory.
  std::mutex& busy() { return busy_; }

  // Calls work(thread) once on each of the first `team` threads, the caller being thread 0, and returns when all are done.
  // `work` must not throw. Throws std::invalid_argument when the system refuses to start the threads; none is left then.
  void run(int team, const std::function<void(int)>& work);

 private:
  struct Shared;  // the threads and what they wait on; left behind, never destroyed, in the child of a fork
  void start();
  void stop();
  static void loop(Shared& shared, int thread, long seen);

  const int count_;
  long process_ = 0;
  std::mutex busy_;
  std::unique_ptr<Shared> shared_;
};

struct ThreadPool::Shared {
  std::mutex mutex;
  std::condition_variable wake, done;
  const std::function<void(int)>* work = nullptr;
  long generation = 0;
  int team = 0, running = 0;
  bool stopping = false;
  std::vector<std::thread> threads;
};

// Physical cores that this process may use.
int physical_cores();

}  // namespace striate
