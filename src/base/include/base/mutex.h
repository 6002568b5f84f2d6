#pragma once

#include <condition_variable>
#include <mutex>

#include "base/thread_annotations.h"

namespace base {

/// A std::mutex that clang's thread-safety analysis understands. Guards a leaf type that calls
/// nothing while holding it; never held across a suspension.
class CAPABILITY("mutex") Mutex {
 public:
  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

/// Works with Mutex; `wait` is called with the mutex held and returns with it held.
using ConditionVariable = std::condition_variable_any;

}  // namespace base
