// A service with SkyWalking's agent: SW_AGENT_NAME and SW_AGENT_COLLECTOR_BACKEND_SERVICES
// are the agent's own variables. It listens on PORT, or one of its own, prints it, and asks the
// URL in NEXT, if there is one, before it answers; /fail answers 500. It ends with standard
// input, when the agent has sent what it has.
const agent = require('skywalking-backend-js').default;
agent.start();
const http = require('http');

const next = (path) => new Promise((resolve, reject) => {
  if (!process.env.NEXT) return resolve(200);
  // Not http.get: the agent sees request only.
  http.request(process.env.NEXT + path, (r) => { r.resume(); r.on('end', () => resolve(r.statusCode)); }).on('error', reject).end();
});

const server = http.createServer(async (req, res) => {
  const status = req.url.startsWith('/fail') ? 500 : await next(req.url);
  res.statusCode = status;
  res.end('done');
});
server.listen(process.env.PORT || 0, '127.0.0.1', () => console.log('listening ' + server.address().port));

process.stdin.resume();
process.stdin.on('end', async () => {
  await agent.flush();
  process.exit(0);
});
