// Writes segments.txt: what SkyWalking's published protobuf (npm skywalking-backend-js
// 0.9.0, made from language-agent/Tracing.proto and management/Management.proto) encodes.
//   npm install skywalking-backend-js@0.9.0 && NODE_PATH=node_modules node segments.js >segments.txt
const p = 'skywalking-backend-js/lib/proto/';
const t = require(p + 'language-agent/Tracing_pb');
const { KeyStringValuePair } = require(p + 'common/Common_pb');
const { InstanceProperties } = require(p + 'management/Management_pb');
const kv = (o) => Object.entries(o).map(([k, v]) => new KeyStringValuePair().setKey(k).setValue(v));
const hex = (m) => Buffer.from(m.serializeBinary()).toString('hex');

const trace = '56a5e1c519ae4c76a2b8b11d92cead7f.12.16563474296430001';
const parent = '56a5e1c519ae4c76a2b8b11d92cead7f.12.16563474296430000';
const id = '0b3d1f9a7c5e4b6d8f0a1c2e3d4b5a69.77.16563474296440002';
const ref = () => new t.SegmentReference().setReftype(t.RefType.CROSSPROCESS).setTraceid(trace).setParenttracesegmentid(parent)
  .setParentspanid(2).setParentservice('gateway').setParentserviceinstance('gw@1').setParentendpoint('/cart').setNetworkaddressusedatpeer('orders:8080');
const entry = new t.SpanObject().setSpanid(0).setParentspanid(-1).setStarttime(1700000000123).setEndtime(1700000000200).setRefsList([ref()])
  .setOperationname('GET:/orders/{id}').setPeer('10.0.0.7:41234').setSpantype(t.SpanType.ENTRY).setSpanlayer(t.SpanLayer.HTTP).setComponentid(1)
  .setIserror(true).setTagsList(kv({ url: 'http://orders:8080/orders/7?full=1', 'http.method': 'GET', 'http.status_code': '500', 'x-tenant': 'blue' }))
  .setLogsList([new t.Log().setTime(1700000000190).setDataList(kv({ event: 'error', 'error.kind': 'java.io.IOException', message: 'broken', stack: 'at x' }))]);
const db = new t.SpanObject().setSpanid(1).setParentspanid(0).setStarttime(1700000000130).setEndtime(1700000000180)
  .setOperationname('Mysql/JDBI/PreparedStatement/execute').setPeer('mysql.db:3306').setSpantype(t.SpanType.EXIT).setSpanlayer(t.SpanLayer.DATABASE)
  .setComponentid(33).setTagsList(kv({ 'db.type': 'sql', 'db.instance': 'shop', 'db.statement': 'SELECT * FROM orders WHERE id=?' }));
const local = new t.SpanObject().setSpanid(2).setParentspanid(0).setStarttime(1700000000131).setEndtime(1700000000131)
  .setOperationname('price').setSpantype(t.SpanType.LOCAL).setSkipanalysis(true);
const segment = new t.SegmentObject().setTraceid(trace).setTracesegmentid(id).setSpansList([local, db, entry]).setService('orders').setServiceinstance('o@1').setIssizelimited(true);
const batch = new t.SpanObject().setSpanid(0).setParentspanid(-1).setStarttime(1700000000300).setEndtime(1700000000301).setOperationname('Kafka/orders/Consumer/g')
  .setSpantype(t.SpanType.ENTRY).setSpanlayer(t.SpanLayer.MQ).setComponentid(41).setTagsList(kv({ 'mq.broker': 'k1:9092;k2:9092', 'mq.topic': 'orders' }))
  .setRefsList([ref().setTraceid('de5980b8-fce3-4a37-aab9-b4ac3af7eedd'), ref(), ref().setParentspanid(3)]);
const other = new t.SegmentObject().setTraceid(trace).setTracesegmentid('de5980b8-fce3-4a37-aab9-b4ac3af7eedd').setSpansList([batch]).setService('mail').setServiceinstance('m@1');
console.log('segment ' + hex(segment));
console.log('collection ' + hex(new t.SegmentCollection().setSegmentsList([segment, other])));
console.log('properties ' + hex(new InstanceProperties().setService('orders').setServiceinstance('o@1')
  .setPropertiesList(kv({ hostname: 'h1', 'Process No.': '4711', language: 'Java', 'OS Name': 'Linux', ipv4: '10.0.0.2', 'JVM Arguments': '-Dpassword=x' }))));
