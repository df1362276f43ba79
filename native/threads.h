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

class ThreadPool {
 public:
  explicit ThreadPool(int count);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return count_; }

  // Calls work(thread) once on each of the first `team` threads, the caller being thread 0, and returns when all are done.
  // `work` must not throw.
  void run(int team, const std::function<void(int)>& work);

 private:
  void loop(int thread);

  const int count_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  const std::function<void(int)>* work_ = nullptr;
  long generation_ = 0;
  int team_ = 0, running_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

// Physical cores that this process may use.
int physical_cores();

}  // namespace striate
