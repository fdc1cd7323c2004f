#include "viewer/texts/recordings.h"

namespace sockwatch::texts {

const Recording kAnyProgram = {"sockwatch run -- COMMAND", "COMMAND: whatever printed the text."};

const Recording kCurl = {"sockwatch run -- curl -sk -m 30 -o /dev/null {url}", ""};

const Recording kWget = {"sockwatch run -- wget -T 10 -t 1 -O /dev/null {url}", ""};

const Recording kSsh = {"sockwatch run -- ssh -o ConnectTimeout=10 -p {port} {host} true", ""};

const Recording kNetcat = {"sockwatch run -- nc -vz -w 5 {host} {port}", ""};

const Recording kWindows = {"sockwatch run -- curl -sk -m 30 -o /dev/null {url}",
                            "The text is from Windows, and sockwatch is for Linux: ask the same "
                            "server from a Linux host of "
                            "the same network, while it fails."};

const Recording kGo = {
    "sockwatch run -- curl -sk -m 30 -o /dev/null {url}",
    "Go programs talk to the kernel without the C library and cannot be recorded. So ask the same "
    "server from the same host and network namespace with a program that can, here curl, while it "
    "fails. If that works, the difference lies in the Go program: its time-outs, its pool, its "
    "proxy settings."};

const Recording kGoFile = {
    "sockwatch run -- curl -s -m 30 --unix-socket PATH http://localhost/",
    "Go programs (docker is one) talk to the kernel without the C library and cannot be recorded. "
    "So "
    "ask the same socket file with a program that can, here curl, while it fails."};

const Recording kJava = {"sockwatch run -- java -jar PROGRAM.jar",
                         "A service: sockwatch record -o java.sockwatch -- java …"};

const Recording kPython = {"sockwatch run -- python3 PROGRAM.py", ""};

const Recording kNode = {"sockwatch run -- node PROGRAM.js", ""};

const Recording kDotnet = {"sockwatch run -- dotnet PROGRAM.dll", ""};

const Recording kPhp = {
    "sockwatch run -- php SCRIPT.php",
    "Under PHP-FPM: sockwatch record -o php.sockwatch -- php-fpm --nodaemonize"};

const Recording kNginx = {"sockwatch record -o nginx.sockwatch -- nginx -g 'daemon off;'",
                          "Stop it with Ctrl-C when it has failed once, then: sockwatch report "
                          "nginx.sockwatch"};

const Recording kHttpdProgram = {"sockwatch record -o httpd.sockwatch -- apache2ctl -D FOREGROUND",
                                 "On Red Hat's: httpd -D FOREGROUND. Stop it with Ctrl-C when it "
                                 "has failed once, then: sockwatch "
                                 "report httpd.sockwatch"};

const Recording kHaproxy = {
    "sockwatch record -o haproxy.sockwatch -- haproxy -db -f /etc/haproxy/haproxy.cfg",
    "Stop it with Ctrl-C when it has failed once, then: sockwatch report haproxy.sockwatch"};

const Recording kEnvoy = {
    "sockwatch record -o envoy.sockwatch -- envoy -c ENVOY.yaml",
    "First ask 'sockwatch check envoy' whether your build can be recorded. If not, ask the same "
    "server with curl from the same network namespace."};

const Recording kPsql = {
    "sockwatch run -- psql 'host={host} port={port} connect_timeout=10' -c 'select 1'",
    "Or the program that failed, in place of psql."};

const Recording kMysqlClient = {
    "sockwatch run -- mysql -h {host} -P {port} --protocol=TCP --connect-timeout=10 -e 'select 1'",
    "Or the program that failed, in place of mysql."};

const Recording kLocalServer = {
    "sockwatch run -- COMMAND",
    "COMMAND: whatever printed the text. Connections to socket files are recorded, too."};

const Recording kRedisCli = {"sockwatch run -- redis-cli -h {host} -p {port} ping",
                             "Or the program that failed, in place of redis-cli."};

}  // namespace sockwatch::texts
