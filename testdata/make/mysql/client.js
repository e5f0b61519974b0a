// Drivers of MySQL for the recording script: node client.js HOST PART, with the
// packages mariadb and mysql2 below NODE_PATH.
'use strict';
const fs = require('fs');
const mariadb = require('mariadb');
const mysql2 = require('mysql2/promise');

const [host, part, dir] = process.argv.slice(2);
const login = { host, user: 'shop', password: 'secret', database: 'shop' };
const swallow = (p) => p.catch((e) => e.message);

const parts = {
  // Statements prepared on the server, executed again, closed; errors of both.
  async prepared() {
    const c = await mysql2.createConnection(login);
    for (const id of [1, 2]) await c.execute('SELECT id, item, total FROM orders WHERE id = ? /*traceparent=\'00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\'*/', [id]);
    await c.execute('UPDATE orders SET total = total + ? WHERE item = ?', [2.5, 'bread']);
    await swallow(c.execute('SELECT nothing FROM orders WHERE id = ?', [1]));
    await swallow(c.execute('INSERT INTO orders VALUES (?, ?, ?)', [1, 'twice', 1]));
    c.unprepare('UPDATE orders SET total = total + ? WHERE item = ?');
    await c.ping();
    await c.end();
  },
  // Several statements in one command, and procedures with several results.
  async multi() {
    const c = await mysql2.createConnection({ ...login, multipleStatements: true });
    await c.query("SELECT 1; UPDATE orders SET total = 9 WHERE id = 1; SELECT item FROM orders; SET @a = 'x'");
    await swallow(c.query('SELECT 1; SELECT nothing FROM nowhere; SELECT 2'));
    await c.query('CALL report(2)');
    await c.end();
  },
  // The compressed protocol (zlib).
  async compressed() {
    const c = await mysql2.createConnection({ ...login, compress: true });
    await c.query('SELECT id, item, total FROM orders /* x-request-id: 7f3a0c52d1e94b6a */');
    await c.query("SELECT repeat('long ', 400) AS a FROM orders WHERE item IN ('" + 'x'.repeat(200) + "', 'bread')");
    await swallow(c.query('SELECT nothing FROM orders'));
    const s = await c.prepare('SELECT item FROM orders WHERE id = ?');
    await s.execute([1]);
    await s.close();
    await c.end();
  },
  // Commands that follow each other without a wait for the answers, and one
  // execution with many rows of parameters (COM_STMT_BULK_EXECUTE).
  async pipelined() {
    const c = await mariadb.createConnection({ ...login, pipelining: true });
    await Promise.all([c.query('SELECT 1'), c.query('SELECT item FROM orders WHERE id = 2'), c.ping(), swallow(c.query('SELEC')), c.query('SELECT 3')]);
    await c.batch('INSERT INTO orders VALUES (?, ?, ?)', [[11, 'a', 1], [12, 'b', 2], [13, 'c', 3]]);
    await c.execute('SELECT count(*) FROM orders WHERE id > ?', [10]);
    await c.reset();
    await c.changeUser({ user: 'shop', password: 'secret', database: 'stock' });
    await c.query('SELECT database()');
    await c.end();
  },
  // A file of the client (LOCAL INFILE).
  async infile() {
    fs.writeFileSync(dir + '/rows.csv', '21,tea,1.5\n22,coffee,2.5\n');
    const c = await mysql2.createConnection({ ...login, infileStreamFactory: () => fs.createReadStream(dir + '/rows.csv') });
    await c.query({ sql: "LOAD DATA LOCAL INFILE 'rows.csv' INTO TABLE orders FIELDS TERMINATED BY ','", infileStreamFactory: () => fs.createReadStream(dir + '/rows.csv') });
    await c.query('SELECT count(*) FROM orders');
    await c.end();
  },
};

parts[part]().catch((e) => { console.error(e); process.exit(1); });
