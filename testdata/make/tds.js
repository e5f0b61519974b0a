// The client of tds.sh that speaks as Node's driver (tedious) does: what it does
// in another way than Microsoft's driver for Go. Usage: tds.js HOST
'use strict'
const { Connection, Request, TYPES, ISOLATION_LEVEL } = require('tedious')

const config = {
  server: process.argv[2],
  authentication: { type: 'default', options: { userName: 'shop', password: 'password' } },
  options: { port: 1433, database: 'store', encrypt: false, trustServerCertificate: true, appName: 'storefront', connectTimeout: 5000, requestTimeout: 5000 },
}

const c = new Connection(config)

// run sends a request; what fails is told and nothing else.
function run (send, text, prepare) {
  return new Promise(resolve => {
    const r = new Request(text, err => {
      if (err) console.error(text + ': ' + err.message)
      resolve(r)
    })
    if (prepare) prepare(r)
    send(r)
  })
}
const batch = text => run(r => c.execSqlBatch(r), text)
const sql = (text, prepare) => run(r => c.execSql(r), text, prepare)
const step = f => new Promise(resolve => f(err => {
  if (err) console.error(err.message)
  resolve()
}))

async function main () {
  await batch("SELECT id, name FROM items WHERE name = 'secret' -- x-request-id=2f6b10f6b8c56c96")
  await sql('SELECT id, name FROM items WHERE id > @id', r => r.addParameter('id', TYPES.Int, 42))
  await sql('UPDATE items SET name = @name WHERE id = @id', r => {
    r.addParameter('name', TYPES.NVarChar, 'hidden')
    r.addParameter('id', TYPES.Int, 7)
  })
  await sql('SELECT * FROM nowhere')
  await run(r => c.callProcedure(r), 'dbo.place_order', r => {
    r.addParameter('id', TYPES.Int, 1)
    r.addParameter('name', TYPES.NVarChar, 'hidden')
  })
  const prepared = new Request('UPDATE stock SET n = n - 1 WHERE id = @p1', () => {})
  prepared.addParameter('p1', TYPES.Int)
  await new Promise(resolve => { prepared.once('prepared', resolve); prepared.once('error', resolve); c.prepare(prepared) })
  for (let i = 0; i < 2; i++) await new Promise(resolve => { prepared.callback = resolve; c.execute(prepared, { p1: 7 }) })
  await new Promise(resolve => { prepared.callback = resolve; c.unprepare(prepared) })
  await step(f => c.beginTransaction(f, 'order', ISOLATION_LEVEL.READ_COMMITTED))
  await sql('DELETE FROM items WHERE id = 1')
  await step(f => c.commitTransaction(f))
  await step(f => c.beginTransaction(f))
  await step(f => c.rollbackTransaction(f))
  await sql('SELECT * FROM big')
  const bulk = c.newBulkLoad('items', err => {
    if (err) console.error('bulk: ' + err.message)
    c.close()
  })
  bulk.addColumn('id', TYPES.Int, { nullable: false })
  bulk.addColumn('name', TYPES.NVarChar, { length: 50, nullable: true })
  c.execBulkLoad(bulk, [...Array(50).keys()].map(i => ({ id: i, name: 'hidden ' + i })))
}

c.on('error', err => console.error(err.message))
c.connect(err => {
  if (err) throw err
  main().catch(e => { console.error(e); process.exit(1) })
})
setTimeout(() => process.exit(1), 30000).unref()
