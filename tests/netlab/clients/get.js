// One GET with Node's http client: URL, time-out in ms (0: none). Gives up as most programs do: destroy.
const http = require('http');
const [url, timeout] = process.argv.slice(2);
// As an option it bounds the connect too; request.setTimeout() would start to count after it.
const options = {agent: false, timeout: Number(timeout) || undefined};
const request = http.get(url, options, (response) => {
  let body = '';
  response.on('data', (chunk) => { body += chunk; });
  response.on('end', () => console.log(response.statusCode, body));
});
request.on('timeout', () => request.destroy(new Error('gave up')));
request.on('error', (failure) => {
  console.error('failed:', failure.message);
  process.exitCode = 1;
});
