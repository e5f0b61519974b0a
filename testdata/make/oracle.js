// The client of testdata/make/oracle.sh that is Oracle's own: node-oracledb in
// its thin mode. Arguments: host:port, case.
const oracledb = require('oracledb');
const [, , address, name] = process.argv;

async function run(c, sql, binds, options) {
  try {
    const r = await c.execute(sql, binds || [], options || {});
    console.log(sql.slice(0, 60), '->', r.rows ? r.rows.length + ' rows' : r.rowsAffected);
  } catch (e) {
    console.log(sql.slice(0, 60), '->', e.message.split('\n')[0]);
  }
}

// traced makes the driver send a trace context with every call.
function traced() {
  const { TraceHandlerBase } = oracledb.traceHandler;
  class Handler extends TraceHandlerBase {
    onBeginRoundTrip(t) {
      t.userContext = { traceParent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };
    }
  }
  const handler = new Handler();
  handler.enable();
  oracledb.traceHandler.setTraceInstance(handler);
}

async function main() {
  const service = { new: 'new', pipeline: 'new', traced: 'new', refused: 'nowhere', redirect: 'elsewhere', small: 'small' }[name] || 'store';
  if (name === 'traced') traced();
  let c;
  try {
    c = await oracledb.getConnection({
      user: name === 'denied' ? 'nobody' : 'scott', password: 'tiger',
      connectString: `${address}/${service}.example`,
    });
  } catch (e) {
    console.log(name, 'connect:', e.message.split('\n')[0]);
    return;
  }
  if (name === 'pipeline') {
    const p = new oracledb.Pipeline();
    p.addFetchAll('SELECT id, name FROM items WHERE id > :1', [1]);
    p.addExecute('INSERT INTO orders (id, name) VALUES (:1, :2)', [1, 'a private value']);
    p.addExecute('SELECT id FROM nowhere');
    p.addExecute("UPDATE orders SET name = 'x'");
    p.addCommit();
    const results = await c.runPipeline(p, true);
    for (const r of results) console.log(r?.error ? r.error.message : r?.rows?.length);
    await c.close();
    return;
  }
  c.module = 'checkout';
  c.action = 'pay';
  c.ecid = 'ecid-1';
  await run(c, "SELECT id, name FROM items WHERE name = 'secret'");
  await run(c, 'SELECT id, name FROM items WHERE id = :1', [1]);
  await run(c, 'SELECT id, name FROM items WHERE id = :1', [2]);
  await run(c, 'SELECT id, name FROM big WHERE id > :1', [5], { prefetchRows: 10, fetchArraySize: 20 });
  await run(c, 'INSERT INTO orders (id, name) VALUES (:1, :2)', [1, 'a private value']);
  await run(c, 'INSERT INTO orders (id, name) VALUES (:1, :2)', [2, 'another'], { autoCommit: true });
  await run(c, "UPDATE /* X-Request-ID: 7f3a9c1e5b7d4f60a1b2c3d4e5f60718 */ orders SET name = 'x'");
  await run(c, 'SELECT id FROM nowhere');
  await run(c, 'SELECT id FROM reset_it');
  await run(c, 'INSERT INTO orders (id) VALUES (:1) /* twice */', [1]);
  await run(c, 'BEGIN shop.place_order(:1); END;', [42]);
  await run(c, 'BEGIN shop.raise_it; END;');
  await run(c, 'MERGE INTO broken USING dual ON (1 = 2) WHEN MATCHED THEN UPDATE SET a = 1');
  await run(c, 'SELECT id, name FROM large', [], { prefetchRows: 400 });
  await run(c, `SELECT id, name FROM items WHERE name IN (${"'value', ".repeat(60)} 'last')`);
  await c.commit();
  await c.rollback();
  await c.ping();
  if (name === 'break') {
    c.callTimeout = 200;
    await run(c, 'UPDATE slow SET a = 1');
    c.callTimeout = 0;
    await run(c, 'DELETE FROM orders');
  }
  await c.close();
}

main().catch((e) => { console.error(e); process.exit(1); });
