package tag_test

import (
	"fmt"

	"github.com/wirespan/wirespan/tracer/tag"
)

func ExampleAppendTemplate() {
	fmt.Printf("%s\n", tag.AppendTemplate(nil, []byte("/users/4711/orders/0a1b2c3d?full=1")))
	// Output: /users/{id}/orders/{id}
}

func ExampleRoutes() {
	routes, err := tag.ParseRoutes([]string{"/users/:id", "/static/*"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(routes.Match([]byte("/static/css/site.css")))
	// Output: /static/* true
}
