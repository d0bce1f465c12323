// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace hepar {

// Why an operation could not be done. One table (error_info) gives each code its exit status.
enum class ErrorCode {
  kInvalidInput,  // the input is readable but can't be used: wrong grid, label missing, option out of range
  kMissing,       // a file, folder or model is not there
  kUnsupported,   // valid, but something Hepar does not handle
  kCorrupt,       // damaged or truncated bytes
  kExhausted,     // no memory, disk full, file size limit
  kCancelled,     // the user asked to stop
  kInternal,      // a broken contract inside Hepar
};

// The process exit status for a code: 2, 3, 4, 5, 6, 130, 1 in the order above.
int exit_status(ErrorCode code) noexcept;

// The one exception type of the library. The message is one sentence for the user: what failed, the
// numbers seen and wanted, the next step.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const noexcept { return code_; }
  // The same error, prefixed by what the caller was doing; use it when rethrowing.
  Error during(std::string_view action) const;

 private:
  ErrorCode code_;
};

namespace detail {
[[noreturn]] void fail_expectation(const char* condition, const char* file, int line,
                                   const std::string& text);
}

}  // namespace hepar

// Checks a contract between Hepar's own parts, also in release builds: throws Error(kInternal) with
// file and line. `text` is evaluated only on failure.
#define HEPAR_EXPECT(condition, text)                                            \
  do {                                                                           \
    if (!(condition)) {                                                          \
      ::hepar::detail::fail_expectation(#condition, __FILE__, __LINE__, (text)); \
    }                                                                            \
  } while (false)
