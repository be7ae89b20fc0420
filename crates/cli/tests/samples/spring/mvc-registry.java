// After spring-framework, framework-docs/modules/ROOT/pages/web/webmvc-cors.adoc; imports written out.
import org.springframework.context.annotation.Configuration;
import org.springframework.web.servlet.config.annotation.*;

@Configuration
@EnableWebMvc
public class Web implements WebMvcConfigurer {

    @Override
    public void addCorsMappings(CorsRegistry registry) {
        registry.addMapping("/api/**")
            .allowedOrigins("https://two.example")
            .allowedMethods("PUT", "DELETE")
            .allowedHeaders("x-one", "x-two")
            .exposedHeaders("x-one")
            .allowCredentials(true).maxAge(3600);
    }
}
