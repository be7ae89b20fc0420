// After spring-framework, framework-docs/modules/ROOT/pages/web/webflux-cors.adoc; bodies filled in.
import org.springframework.web.bind.annotation.*;

@CrossOrigin(origins = "https://two.example", maxAge = 3600)
@RestController
@RequestMapping("/things")
public class Things {

    @GetMapping("/{id}")
    public Mono<Thing> one(@PathVariable Long id) {
        return null;
    }

    @DeleteMapping("/{id}")
    public void remove(@PathVariable Long id) {
    }
}
