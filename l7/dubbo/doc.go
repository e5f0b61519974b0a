// Package dubbo reads Dubbo 2, the protocol of Apache Dubbo before Triple
// (https://dubbo.apache.org/en/overview/reference/protocols/tcp/): a header of
// 16 bytes with an id that pairs requests and responses of both sides, and a body
// in one of many serializations.
//
// Of a body, service, version and method are read, and the attachments, which
// carry trace contexts and request ids, in Hessian 2
// (http://hessian.caucho.com/doc/hessian-serialization.html), Fastjson,
// Fastjson 2 and Kryo. Arguments are passed over. The parser borrows from its
// input; the ids that it emits are subslices of it.
package dubbo
