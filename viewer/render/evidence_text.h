// What is known about an attempt or a group of alike failures, as a sentence that claims no more
// than the recording proves: silence is "nothing came back", never its supposed cause.
#pragma once

#include <string>

#include "collector/store/rows.h"
#include "viewer/model/failure.h"
#include "viewer/render/style.h"

namespace sockwatch::render {

// Has the destination as its subject: "never answered (2 SYNs in 3.00s, nothing came back); ...".
// No full stop. `unix_socket`: no packets are involved.
std::string failure_sentence(const model::FailureKey& key, const model::Evidence& evidence,
                             bool unix_socket, const TextStyle& style);

// The same for one attempt, whether it failed or not.
std::string attempt_sentence(const store::ConnectionRow& row, const TextStyle& style);

}  // namespace sockwatch::render
