#pragma once

/// Clang's thread-safety attributes; nothing under another compiler.
/// https://clang.llvm.org/docs/ThreadSafetyAnalysis.html
#if defined(__clang__)
#define BASE_TSA(x) __attribute__((x))
#else
#define BASE_TSA(x)
#endif

#define CAPABILITY(name) BASE_TSA(capability(name))
#define SCOPED_CAPABILITY BASE_TSA(scoped_lockable)
#define GUARDED_BY(x) BASE_TSA(guarded_by(x))
#define REQUIRES(...) BASE_TSA(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) BASE_TSA(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) BASE_TSA(acquire_capability(__VA_ARGS__))
#define RELEASE(...) BASE_TSA(release_capability(__VA_ARGS__))
#define ASSERT_CAPABILITY(x) BASE_TSA(assert_capability(x))
