#include "threads.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#if defined(__linux__)
#include <sched.h>
#endif

namespace striate {

// Spinning pays only when every thread has a core; with more threads than cores it would keep the others from working.
void Barrier::set_count(int count) {
  count_ = count;
  spins_ = count <= static_cast<int>(std::thread::hardware_concurrency()) ? 4000 : 0;
}

ThreadPool::ThreadPool(int count) : count_(std::max(1, count)) {
  for (int thread = 1; thread < count_; thread++) threads_.emplace_back([this, thread] { loop(thread); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void ThreadPool::run(int team, const std::function<void(int)>& work) {
  if (team == 1) return work(0);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    work_ = &work;
    team_ = team;
    running_ = count_ - 1;
    generation_++;
  }
  wake_.notify_all();
  work(0);
  std::unique_lock<std::mutex> lock(mutex_);
  done_.wait(lock, [this] { return running_ == 0; });
}

void ThreadPool::loop(int thread) {
  long seen = 0;
  for (;;) {
    const std::function<void(int)>* work = nullptr;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return stopping_ || generation_ != seen; });
      if (stopping_) return;
      seen = generation_;
      if (thread < team_) work = work_;
    }
    if (work) (*work)(thread);
    std::lock_guard<std::mutex> lock(mutex_);
    if (--running_ == 0) done_.notify_one();
  }
}

int physical_cores() {
  int logical = std::max(1u, std::thread::hardware_concurrency());
#if defined(__linux__)
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return logical;
  std::set<std::string> cores;  // hardware threads of one core list the same siblings
  int count = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    count++;
    std::ifstream file("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list");
    std::string siblings;
    cores.insert(std::getline(file, siblings) ? siblings : std::to_string(cpu));
  }
  return std::max(1, std::min(count, static_cast<int>(cores.size())));
#else
  return logical;
#endif
}

}  // namespace striate
