// A plain socket of Node: host, port, time-out in ms. The time-out destroys it.
const net = require('net');
const [host, port, timeout] = process.argv.slice(2);
const socket = net.connect({host, port: Number(port)});
socket.setTimeout(Number(timeout));
socket.on('timeout', () => socket.destroy(new Error('gave up')));
socket.on('connect', () => { console.log('connected'); socket.end(); });
socket.on('error', (failure) => {
  console.error('failed:', failure.code || failure.message);
  process.exitCode = 1;
});
