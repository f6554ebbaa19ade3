// Starts the program, and fetches the styles of what is shown later. It is a file of its own because the page allows no inline script; the names of
// the two files it loads carry a hash and stand in the preload links that the build wrote.
const href = (selector) => document.querySelector(selector).href;

// Of what lies over the page and of other views: needed at once only if the address asks for one.
const { src } = document.currentScript;
const late = () => {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL("late.css", src);
  document.head.append(link);
};
if (location.search) late();
else addEventListener("load", late);

import(href("link[rel=modulepreload]"))
  .then((program) => program.default({ module_or_path: href("link[rel=preload][as=fetch]") }))
  .catch((error) => {
    console.error(error);
    const message = document.createElement("p");
    message.setAttribute("role", "alert");
    message.textContent =
      location.protocol === "file:"
        ? "This browser starts no WebAssembly from a file: serve the folder over HTTP and open it there."
        : `Rangewalk could not start: ${error}. Reload the page to try again.`;
    document.body.append(message);
  });
