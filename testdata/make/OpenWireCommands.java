// Writes what ActiveMQ's own marshallers make of every kind of command, in all
// versions and encodings, as sessions for l7/openwire: a line "# name" per
// connection, then a line per command, "> " or "< " and hexadecimal.
import java.io.IOException;
import org.apache.activemq.command.*;
import org.apache.activemq.openwire.OpenWireFormat;

public class OpenWireCommands {
    static OpenWireFormat client, server;
    static int id;

    public static void main(String[] a) throws Exception {
        int[] versions = a.length > 0 ? new int[] {Integer.parseInt(a[0])} : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
        for (int v : versions) {
            for (int flags = 0; flags < 16; flags++) {
                if (a.length > 1 && flags != Integer.parseInt(a[1])) continue;
                if (a.length == 0 && flags >= 8 && v != 12) continue;
                session(v, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0, (flags & 8) != 0);
            }
        }
    }

    static OpenWireFormat format(int v, boolean tight, boolean cache, boolean stack, boolean bare) throws Exception {
        OpenWireFormat f = new OpenWireFormat(v);
        f.setPreferedWireFormatInfo(offer(v, tight, cache, stack, bare));
        return f;
    }

    static WireFormatInfo offer(int v, boolean tight, boolean cache, boolean stack, boolean bare) throws Exception {
        WireFormatInfo i = new WireFormatInfo();
        i.setVersion(v);
        i.setTightEncodingEnabled(tight);
        i.setCacheEnabled(cache);
        i.setCacheSize(1024);
        i.setStackTraceEnabled(stack);
        i.setSizePrefixDisabled(bare);
        i.setMaxFrameSize(100 << 20);
        return i;
    }

    static void session(int v, boolean tight, boolean cache, boolean stack, boolean bare) throws Exception {
        System.out.println("# version=" + v + " tight=" + tight + " cache=" + cache + " stack=" + stack + " bare=" + bare);
        id = 0;
        client = format(v, tight, cache, stack, bare);
        server = format(12, true, true, true, true);
        WireFormatInfo offer = offer(v, tight, cache, stack, bare), answer = offer(12, true, true, true, true);
        write('>', client, offer);
        write('<', server, answer);
        client.renegotiateWireFormat(answer);
        server.renegotiateWireFormat(offer);
        commands(v);
    }

    static void commands(int v) throws Exception {
        ConnectionId conn = new ConnectionId("ID:host-1-1:1");
        SessionId session = new SessionId(conn, 1);
        ProducerId producer = new ProducerId(session, 70000);
        ConsumerId consumer = new ConsumerId(session, 1L << 40);
        ActiveMQQueue queue = new ActiveMQQueue("orders");
        ActiveMQTempQueue answers = new ActiveMQTempQueue("ID:host-1-1:1:1");
        BrokerId broker = new BrokerId("ID:broker");
        BrokerId[] path = {broker, new BrokerId("ID:other")};

        BrokerInfo b = new BrokerInfo();
        b.setBrokerId(broker);
        b.setBrokerName("main");
        b.setBrokerURL("tcp://192.0.2.50:61616");
        b.setPeerBrokerInfos(new BrokerInfo[] {(BrokerInfo) copy(b)});
        b.setConnectionId(3);
        write('<', server, b);

        ConnectionInfo c = new ConnectionInfo(conn);
        c.setClientId("shop");
        c.setUserName("user");
        c.setPassword("secret");
        c.setBrokerPath(path);
        c.setClientIp("192.0.2.9");
        ask(c);
        write('<', server, answer(new Response(), c));

        ask(new SessionInfo(session));
        ProducerInfo p = new ProducerInfo(producer);
        p.setDestination(queue);
        p.setWindowSize(1000);
        ask(p);
        write('<', server, answer(new IntegerResponse(42), p));
        ConsumerInfo k = new ConsumerInfo(consumer);
        k.setDestination(queue);
        k.setSelector("price > 10");
        k.setSubscriptionName("sub");
        k.setPrefetchSize(100);
        k.setBrokerPath(path);
        k.setNetworkConsumerPath(new ConsumerId[] {consumer});
        ask(k);
        ExceptionResponse e = new ExceptionResponse(new javax.jms.InvalidSelectorException("not a selector"));
        e.getException().initCause(new IOException("inner", new RuntimeException("innermost")));
        write('<', server, answer(e, k));
        DestinationInfo d = new DestinationInfo(conn, DestinationInfo.ADD_OPERATION_TYPE, answers);
        d.setTimeout(5);
        ask(d);
        LocalTransactionId tx = new LocalTransactionId(conn, 7);
        ask(new TransactionInfo(conn, tx, TransactionInfo.BEGIN));

        ActiveMQTextMessage m = new ActiveMQTextMessage();
        fill(m, producer, queue, answers, tx, broker, path);
        m.setText("hello");
        m.setReadOnlyProperties(false);
        properties(m);
        ask(m);
        if (v >= 3) {
            ActiveMQBlobMessage blob = new ActiveMQBlobMessage();
            fill(blob, producer, queue, answers, null, broker, path);
            blob.setRemoteBlobUrl("http://192.0.2.1/blob");
            blob.setMimeType("image/png");
            ask(blob);
            ProducerAck ack = new ProducerAck(producer, 100);
            write('<', server, ack);
        }
        ask(new TransactionInfo(conn, new XATransactionId(new Xid()), TransactionInfo.COMMIT_TWO_PHASE));

        MessageDispatch md = new MessageDispatch();
        md.setConsumerId(consumer);
        md.setDestination(queue);
        md.setMessage(m);
        md.setRedeliveryCounter(3);
        write('<', server, md);
        MessageAck ack = new MessageAck(md, MessageAck.POISON_ACK_TYPE, 1);
        ack.setFirstMessageId(m.getMessageId());
        ack.setPoisonCause(new RuntimeException("poison"));
        ask(ack);
        md = new MessageDispatch();
        md.setConsumerId(consumer);
        md.setDestination(queue);
        write('<', server, md);
        if (v >= 2) {
            MessagePull pull = new MessagePull();
            pull.setConsumerId(consumer);
            pull.setDestination(queue);
            pull.setTimeout(300);
            pull.setCorrelationId("c-2");
            pull.setMessageId(m.getMessageId());
            ask(pull);
        }
        MessageDispatchNotification note = new MessageDispatchNotification();
        note.setConsumerId(consumer);
        note.setDestination(queue);
        note.setDeliverySequenceId(9);
        note.setMessageId(m.getMessageId());
        write('<', server, note);
        ConsumerControl cc = new ConsumerControl();
        cc.setConsumerId(consumer);
        cc.setDestination(queue);
        cc.setPrefetch(5);
        write('<', server, cc);
        ConnectionControl control = new ConnectionControl();
        control.setConnectedBrokers("tcp://192.0.2.51:61616");
        control.setReconnectTo("");
        control.setToken(new byte[] {1, 2, 3});
        write('<', server, control);
        RemoveSubscriptionInfo rs = new RemoveSubscriptionInfo();
        rs.setConnectionId(conn);
        rs.setClientId("shop");
        rs.setSubscriptionName("sub");
        ask(rs);
        SubscriptionInfo si = new SubscriptionInfo();
        si.setClientId("shop");
        si.setDestination(queue);
        si.setSubscribedDestination(queue);
        DataArrayResponse da = new DataArrayResponse();
        da.setData(new DataStructure[] {si, broker, null});
        write('<', server, answer(da, rs));
        RemoveInfo r = new RemoveInfo(consumer);
        r.setLastDeliveredSequenceId(12);
        ask(r);
        DataResponse dr = new DataResponse();
        dr.setData(si);
        write('<', server, answer(dr, r));
        ask(new ControlCommand());
        ask(new FlushCommand());
        ask(new KeepAliveInfo());
        ConnectionError ce = new ConnectionError();
        ce.setConnectionId(conn);
        ce.setException(new IOException("gone"));
        write('<', server, ce);
        ask(new RemoveInfo(conn));
        ask(new ShutdownInfo());
    }

    static void fill(Message m, ProducerId p, ActiveMQDestination to, ActiveMQDestination answers, TransactionId tx, BrokerId broker, BrokerId[] path) throws Exception {
        m.setProducerId(p);
        m.setDestination(to);
        m.setOriginalDestination(new ActiveMQTopic("news"));
        m.setMessageId(new MessageId(p, 5));
        m.getMessageId().setBrokerSequenceId(99999);
        m.setTransactionId(tx);
        m.setGroupID("g");
        m.setGroupSequence(2);
        m.setCorrelationId("c-1");
        m.setPersistent(true);
        m.setExpiration(1795295088973L);
        m.setPriority((byte) 4);
        m.setReplyTo(answers);
        m.setTimestamp(1795295088000L);
        m.setType("order");
        m.setUserID("user");
        m.setBrokerPath(path);
        m.setCluster(path);
        m.setRedeliveryCounter(1);
        m.setDataStructure(new NetworkBridgeFilter(null, broker, 1, 2));
        m.setTargetConsumerId(new ConsumerId(new SessionId(new ConnectionId(p.getConnectionId()), 1), 9));
    }

    static void properties(ActiveMQMessage m) throws Exception {
        m.setIntProperty("a", 1);
        m.setStringProperty("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        m.setLongProperty("b", 2);
        m.setDoubleProperty("c", 3);
        m.setFloatProperty("d", 3);
        m.setBooleanProperty("e", true);
        m.setByteProperty("f", (byte) 1);
        m.setShortProperty("g", (short) 1);
        m.setStringProperty("X_Request_ID", "7f3a9b2c4d5e6f70");
        m.setStringProperty("empty", "");
        m.setObjectProperty("nothing", null);
    }

    static Object copy(BrokerInfo b) {
        BrokerInfo c = new BrokerInfo();
        c.setBrokerId(b.getBrokerId());
        c.setBrokerName("peer");
        return c;
    }

    static Response answer(Response r, Command to) {
        r.setCorrelationId(to.getCommandId());
        return r;
    }

    static void ask(Command c) throws IOException {
        c.setCommandId(++id);
        c.setResponseRequired(c instanceof ConnectionInfo || c instanceof ProducerInfo || c instanceof ConsumerInfo
            || c instanceof RemoveSubscriptionInfo || c instanceof RemoveInfo && ((RemoveInfo) c).getObjectId() instanceof ConsumerId);
        write('>', client, c);
    }

    static void write(char way, OpenWireFormat f, Object c) throws IOException {
        java.io.ByteArrayOutputStream out = new java.io.ByteArrayOutputStream();
        f.marshal(c, new java.io.DataOutputStream(out));
        StringBuilder s = new StringBuilder().append(way).append(' ');
        for (byte x : out.toByteArray()) s.append(String.format("%02x", x));
        System.out.println(s);
    }

    static class Xid implements javax.transaction.xa.Xid {
        public int getFormatId() { return 1; }
        public byte[] getGlobalTransactionId() { return new byte[] {(byte) 0xab, 1}; }
        public byte[] getBranchQualifier() { return new byte[] {2}; }
    }
}
