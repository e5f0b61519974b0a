// Runs an ActiveMQ broker and talks to it: OpenWire.java ADDRESS TIGHT.
import javax.jms.*;
import org.apache.activemq.ActiveMQConnectionFactory;
import org.apache.activemq.broker.BrokerService;

public class OpenWire {
    public static void main(String[] a) throws Exception {
        BrokerService b = new BrokerService();
        b.setPersistent(false);
        b.setUseJmx(false);
        b.addConnector("tcp://" + a[0] + ":61616?wireFormat.tightEncodingEnabled=" + a[1]);
        b.start();
        Connection c = new ActiveMQConnectionFactory("tcp://" + a[0] + ":61616?wireFormat.tightEncodingEnabled=" + a[1]).createConnection();
        c.start();
        Session s = c.createSession(false, Session.CLIENT_ACKNOWLEDGE);
        Queue q = s.createQueue("orders");
        MessageProducer p = s.createProducer(q);
        MessageConsumer r = s.createConsumer(q);
        for (int i = 0; i < 3; i++) {
            TextMessage m = s.createTextMessage("x".repeat(i * 1000));
            m.setStringProperty("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
            m.setJMSCorrelationID("c-" + i);
            p.send(m);
            r.receive(1000).acknowledge();
        }
        try {
            s.createConsumer(q, "not a ( selector");
        } catch (JMSException e) {
            System.out.println(e.getClass());
        }
        c.close();
        b.stop();
        System.exit(0);
    }
}
