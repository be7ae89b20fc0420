// After spring-framework, framework-docs/modules/ROOT/pages/web/webmvc-cors.adoc; Kotlin; imports added.
import org.springframework.web.servlet.config.annotation.*

@Configuration
@EnableWebMvc
class Web : WebMvcConfigurer {
    override fun addCorsMappings(registry: CorsRegistry) {
        registry.addMapping("/api/**")
            .allowedOrigins("https://two.example")
            .allowedMethods("PUT", "DELETE")
            .allowCredentials(true).maxAge(3600)
    }
}
