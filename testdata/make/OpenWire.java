// Runs an ActiveMQ broker and talks to it: OpenWire.java ADDRESS VERSION TIGHT.
import javax.jms.*;
import org.apache.activemq.ActiveMQConnectionFactory;
import org.apache.activemq.broker.BrokerService;

public class OpenWire {
    public static void main(String[] a) {
        int status = 0;
        try {
            talk(a);
        } catch (Exception e) {
            e.printStackTrace();
            status = 1;
        }
        System.exit(status);
    }

    static void talk(String[] a) throws Exception {
        BrokerService b = new BrokerService();
        b.setPersistent(false);
        b.setUseJmx(false);
        b.addConnector("tcp://" + a[0] + ":61616?wireFormat.tightEncodingEnabled=" + a[2]);
        b.start();
        ActiveMQConnectionFactory f = new ActiveMQConnectionFactory("tcp://" + a[0] + ":61616?wireFormat.tightEncodingEnabled=" + a[2] + "&wireFormat.version=" + a[1]);
        f.setUseCompression(true);
        f.setTransactedIndividualAck(true);
        Connection c = f.createConnection();
        c.setClientID("shop");
        c.start();
        Session s = c.createSession(false, Session.CLIENT_ACKNOWLEDGE);
        Queue q = s.createQueue("orders"), answers = s.createTemporaryQueue();
        MessageProducer p = s.createProducer(q);
        MessageConsumer r = s.createConsumer(q);
        for (int i = 0; i < 3; i++) {
            TextMessage m = s.createTextMessage("x".repeat(i * 1000));
            m.setStringProperty("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b" + i + "-01");
            if (i > 0) m.setJMSCorrelationID("c-" + i);
            m.setJMSReplyTo(answers);
            p.send(m);
            Message got = r.receive(5000);
            if (i == 1) {
                s.recover();
                got = r.receive(5000);
            }
            MessageProducer back = s.createProducer(got.getJMSReplyTo());
            BytesMessage answer = s.createBytesMessage();
            answer.writeBytes(new byte[20]);
            answer.setJMSCorrelationID(i > 0 ? got.getJMSCorrelationID() : got.getJMSMessageID());
            back.send(answer);
            got.acknowledge();
            MessageConsumer w = s.createConsumer(answers);
            w.receive(5000).acknowledge();
            w.close();
        }
        Session tx = c.createSession(true, Session.SESSION_TRANSACTED);
        tx.createProducer(tx.createTopic("news")).send(tx.createMapMessage());
        tx.commit();
        s.createDurableSubscriber(s.createTopic("news"), "daily").close();
        s.unsubscribe("daily");
        try {
            s.createConsumer(q, "not a ( selector");
        } catch (JMSException e) {
            System.out.println(e.getClass());
        }
        c.close();
        b.stop();
    }
}
