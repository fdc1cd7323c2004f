// States of a TCP socket as TCP_INFO gives them: numbers of the kernel (include/net/tcp_states.h).
#pragma once

#include <cstdint>

namespace sockwatch::model {

inline constexpr std::int64_t kTcpSynSent = 2;
inline constexpr std::int64_t kTcpSynRecv = 3;
inline constexpr std::int64_t kTcpFinWait2 = 5;
inline constexpr std::int64_t kTcpTimeWait = 6;
inline constexpr std::int64_t kTcpClose = 7;
inline constexpr std::int64_t kTcpCloseWait = 8;

}  // namespace sockwatch::model
