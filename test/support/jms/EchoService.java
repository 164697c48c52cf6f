import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.DeliveryMode;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.nio.charset.StandardCharsets;
import java.util.Collections;

/**
 * A JMS service that knows nothing of this product: it copies JMSCorrelationID, answers to JMSReplyTo and says
 * on standard output of what class each request was. With `copy-properties` it also copies every property, as
 * some services do.
 *
 * Arguments: URL of the broker, queue, `plain` or `copy-properties`, class of the connection factory.
 */
public final class EchoService {
    private static final String PREFIX = "echo: ";

    public static void main(String[] arguments) throws JMSException, ReflectiveOperationException {
        boolean copiesProperties = arguments[2].equals("copy-properties");
        Object factory = Class.forName(arguments[3]).getConstructor(String.class).newInstance(arguments[0]);
        Connection connection = ((ConnectionFactory) factory).createConnection();
        Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
        MessageConsumer consumer = session.createConsumer(session.createQueue(arguments[1]));
        MessageProducer producer = session.createProducer(null);
        producer.setDeliveryMode(DeliveryMode.PERSISTENT);
        connection.start();
        System.out.println("ready");
        while (true) {
            Message request = consumer.receive();
            if (request == null) return;
            Message reply = answer(session, request);
            if (copiesProperties) copyProperties(request, reply);
            reply.setJMSCorrelationID(request.getJMSCorrelationID());
            System.out.println(kindOf(request) + " " + request.getJMSCorrelationID());
            producer.send(request.getJMSReplyTo(), reply);
        }
    }

    private static Message answer(Session session, Message request) throws JMSException {
        if (request instanceof TextMessage text) return session.createTextMessage(PREFIX + text.getText());
        BytesMessage reply = session.createBytesMessage();
        reply.writeBytes(PREFIX.getBytes(StandardCharsets.UTF_8));
        if (request instanceof BytesMessage bytes) {
            byte[] body = new byte[(int) bytes.getBodyLength()];
            bytes.readBytes(body);
            reply.writeBytes(body);
        }
        return reply;
    }

    private static void copyProperties(Message from, Message to) throws JMSException {
        for (Object name : Collections.list(from.getPropertyNames())) {
            to.setObjectProperty((String) name, from.getObjectProperty((String) name));
        }
    }

    private static String kindOf(Message message) {
        if (message instanceof TextMessage) return "TextMessage";
        return message instanceof BytesMessage ? "BytesMessage" : message.getClass().getSimpleName();
    }
}
