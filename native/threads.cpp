#include "threads.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#if defined(__linux__)
#include <sched.h>
#endif

namespace striate {

// Spinning pays only when every thread has a core; with more threads than cores it would keep the others from working.
void Barrier::set_count(int count) {
  count_ = count;
  spins_ = count <= static_cast<int>(std::thread::hardware_concurrency()) ? 4000 : 0;
}

ThreadPool::ThreadPool(int count) : count_(std::max(1, count)) {}

ThreadPool::~ThreadPool() {
  if (process_ == getpid())
    stop();
  else
    (void)shared_.release();  // they are the parent's
}

void ThreadPool::stop() {
  if (!shared_) return;
  {
    std::lock_guard<std::mutex> lock(shared_->mutex);
    shared_->stopping = true;
  }
  shared_->wake.notify_all();
  for (auto& thread : shared_->threads) thread.join();
  shared_.reset();
}

void ThreadPool::start() {
  if (shared_ && process_ == getpid()) return;
  (void)shared_.release();  // in a fork's child: the parent's threads are not here, and may hold its locks
  process_ = getpid();
  shared_ = std::make_unique<Shared>();
  sigset_t all, before;  // signals are for the thread that Python listens on
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  bool refused = false;
  try {
    for (int thread = 1; thread < count_; thread++)
      shared_->threads.emplace_back([&shared = *shared_, thread] { loop(shared, thread, 0); });
  } catch (const std::system_error&) {
    refused = true;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (!refused) return;
  stop();
  throw std::invalid_argument("the system refused to start " + std::to_string(count_) +
                              " threads; set STRIATE_NUM_THREADS to a smaller number");
}

void ThreadPool::run(int team, const std::function<void(int)>& work) {
  if (team == 1) return work(0);
  start();
  Shared& s = *shared_;
  {
    std::lock_guard<std::mutex> lock(s.mutex);
    s.work = &work;
    s.team = team;
    s.running = count_ - 1;
    s.generation++;
  }
  s.wake.notify_all();
  work(0);
  std::unique_lock<std::mutex> lock(s.mutex);
  s.done.wait(lock, [&s] { return s.running == 0; });
}

void ThreadPool::loop(Shared& s, int thread, long seen) {
  for (;;) {
    const std::function<void(int)>* work = nullptr;
    {
      std::unique_lock<std::mutex> lock(s.mutex);
      s.wake.wait(lock, [&] { return s.stopping || s.generation != seen; });
      if (s.stopping) return;
      seen = s.generation;
      if (thread < s.team) work = s.work;
    }
    if (work) (*work)(thread);
    std::lock_guard<std::mutex> lock(s.mutex);
    if (--s.running == 0) s.done.notify_one();
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
