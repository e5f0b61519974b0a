// An event loop. AGENT=keepalive has a pool of connections for its calls,
// anything else makes one per call.
const http = require('http');
const [host, port] = process.env.BACKEND.split(':');
const agent = process.env.AGENT === 'keepalive' ? new http.Agent({ keepAlive: true, maxSockets: 32 }) : new http.Agent({ keepAlive: false });
const call = (path) => new Promise((resolve, reject) => {
  http.get({ host, port, path, agent }, (res) => { res.on('data', () => {}); res.on('end', resolve); }).on('error', reject);
});
http.createServer(async (req, res) => {
  const n = req.url.split('/').pop();
  for (let k = 0; k < 1 + n % 2; k++) await call(`/b/${n}/${k}`);
  res.end(`done ${n}\n`);
}).listen(Number(process.env.PORT), '127.0.0.1', 1024);
