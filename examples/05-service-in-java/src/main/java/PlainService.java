import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import jakarta.jms.TransactionRolledBackException;
import org.apache.activemq.ActiveMQConnectionFactory;

/** Counts words. A service as JMS has always had them: it answers to JMSReplyTo, with the request's JMSCorrelationID. */
public final class PlainService {
    public static void main(String[] arguments) throws JMSException {
        String url = System.getenv().getOrDefault("OPENWIRE_URL", "tcp://127.0.0.1:61616");
        // failover: connects again whenever the broker was away.
        Connection connection = new ActiveMQConnectionFactory("failover:(" + url + ")").createConnection();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(connection)));

        // The request is taken and its reply is sent in one transaction: both happen, or neither does.
        Session session = connection.createSession(true, Session.SESSION_TRANSACTED);
        MessageConsumer consumer = session.createConsumer(session.createQueue("example.plain-java"));
        MessageProducer producer = session.createProducer(null); // persistent, as JMS is when nothing else is said
        connection.start();
        System.out.println("answering requests of example.plain-java");

        for (Message request = consumer.receive(); request != null; request = consumer.receive()) {
            try {
                if (request.getJMSReplyTo() != null) producer.send(request.getJMSReplyTo(), answer(session, request));
                session.commit();
            } catch (TransactionRolledBackException lost) {
                // The broker was away in between: the request comes again.
            } catch (RuntimeException failure) {
                // The broker sends it again, six times, and then puts it into ActiveMQ.DLQ; see KnowingService.
                System.err.println("failed: " + failure);
                session.rollback();
            }
        }
    }

    private static Message answer(Session session, Message request) throws JMSException {
        // Text, JSON and XML come as TextMessage, all else as BytesMessage.
        String text = request instanceof TextMessage message ? message.getText() : null;
        if (text == null) throw new IllegalArgumentException("no text");
        Message reply = session.createTextMessage(text.strip().split("\\s+").length + " words");
        reply.setJMSCorrelationID(request.getJMSCorrelationID());
        return reply;
    }

    private static void close(Connection connection) {
        try {
            connection.close();
        } catch (JMSException gone) {
            // The broker takes back what was not committed.
        }
    }
}
