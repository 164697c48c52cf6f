import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * Sends TextMessages of any content.
 *
 * Arguments: URL of the broker, queue, class of the connection factory, then the texts in order, each in Base64.
 */
public final class TextSender {
    public static void main(String[] arguments) throws JMSException, ReflectiveOperationException {
        Object factory = Class.forName(arguments[2]).getConstructor(String.class).newInstance(arguments[0]);
        Connection connection = ((ConnectionFactory) factory).createConnection();
        Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
        MessageProducer producer = session.createProducer(session.createQueue(arguments[1]));
        for (int index = 3; index < arguments.length; index++) {
            byte[] text = Base64.getDecoder().decode(arguments[index]);
            producer.send(session.createTextMessage(new String(text, StandardCharsets.UTF_8)));
        }
        connection.close();
        System.out.println("sent");
    }
}
