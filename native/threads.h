// The engine's own pool of threads. One parallel region at a time; inside it threads meet at barriers.
#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace striate {

class Barrier {
 public:
  explicit Barrier(int count, int spins) : count_(count), spins_(spins), waiting_(0), generation_(0) {}

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

  const int count_, spins_;
  std::atomic<int> waiting_, generation_;
};

class ThreadPool {
 public:
  explicit ThreadPool(int count);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return count_; }
  Barrier& barrier() { return barrier_; }

  // Calls work(thread) once on each thread, the caller being thread 0, and returns when all are done. `work` must not throw.
  void run(const std::function<void(int)>& work);

 private:
  void loop(int thread);

  const int count_;
  Barrier barrier_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  const std::function<void(int)>* work_ = nullptr;
  long generation_ = 0;
  int running_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

// Physical cores that this process may use.
int physical_cores();

}  // namespace striate
