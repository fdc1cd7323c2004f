// How each kind of program is recorded.
#pragma once

#include "viewer/texts/error_text.h"

namespace sockwatch::texts {

extern const Recording kAnyProgram;
extern const Recording kCurl;
extern const Recording kWget;
extern const Recording kSsh;
extern const Recording kGo;
extern const Recording kGoFile;  // to a socket file
extern const Recording kJava;
extern const Recording kPython;
extern const Recording kNode;
extern const Recording kDotnet;
extern const Recording kPhp;
extern const Recording kNginx;
extern const Recording kHttpdProgram;
extern const Recording kHaproxy;
extern const Recording kEnvoy;
extern const Recording kPsql;
extern const Recording kRedisCli;
extern const Recording kMysqlClient;
extern const Recording kNetcat;
extern const Recording kWindows;      // programs sockwatch cannot record
extern const Recording kLocalServer;  // reached by a socket file

}  // namespace sockwatch::texts
