// Many GETs, each on a connection of its own: URL, how many, how many at once. Prints how many were answered.
const http = require('http');
const [url, count, atOnce] = process.argv.slice(2);
let left = Number(count);
let answered = 0;
let running = Number(atOnce);
function next() {
  if (left-- <= 0) {
    if (--running === 0) console.log(answered);
    return;
  }
  const request = http.get(url, {agent: false, timeout: 10000}, (response) => {
    response.resume();
    response.on('end', () => { answered++; next(); });
  });
  request.on('timeout', () => request.destroy(new Error('gave up')));
  request.on('error', (failure) => { console.error(failure.message); next(); });
}
for (let i = 0; i < Number(atOnce); i++) next();
