// An event loop. AGENT says how it calls: kept connections as many as it takes,
// or bounded to 32; none: one per call; timer: kept ones, but it waits for a
// timer before each call, so that other requests come between.
const http = require('http');
const [host, port] = process.env.BACKEND.split(':');
const keepAlive = process.env.AGENT !== 'none';
const agent = new http.Agent({ keepAlive, maxSockets: process.env.AGENT === 'bounded' ? 32 : Infinity });
const pause = () => new Promise((resolve) => setTimeout(resolve, 3 * Math.random()));
const call = (path) => new Promise((resolve, reject) => {
  http.get({ host, port, path, agent }, (res) => { res.on('data', () => {}); res.on('end', resolve); }).on('error', reject);
});
http.createServer(async (req, res) => {
  const n = req.url.split('/').pop();
  for (let k = 0; k < 1 + n % 2; k++) {
    if (process.env.AGENT === 'timer') await pause();
    await call(`/b/${n}/${k}`);
  }
  res.end(`done ${n}\n`);
}).listen(Number(process.env.PORT), '127.0.0.1', 1024);
