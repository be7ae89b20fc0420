// After spring-guides/gs-rest-service-cors; shortened.
import org.springframework.web.bind.annotation.*;

@RestController
public class Greetings {

    @CrossOrigin(origins = "http://localhost:9000")
    @GetMapping("/greeting")
    public String greeting() {
        return "";
    }
}
