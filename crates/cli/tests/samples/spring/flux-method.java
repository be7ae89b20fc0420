// After spring-framework, framework-docs/modules/ROOT/pages/web/webflux-cors.adoc; bodies filled in.
import org.springframework.web.bind.annotation.*;

@RestController
@RequestMapping("/things")
public class Things {

    @CrossOrigin
    @GetMapping("/{id}")
    public Mono<Thing> one(@PathVariable Long id) {
        return null;
    }

    @DeleteMapping("/{id}")
    public void remove(@PathVariable Long id) {
    }
}
