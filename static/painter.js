// Paints a picture and hands it out as a file. The element that brings this script says what: an SVG, and the file's name.
const { svg, name } = document.currentScript.dataset;
document.currentScript.remove();

const image = new Image();
image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
image.decode().then(() => {
  // Twice as fine as on the page: for screens that are, and for print.
  const canvas = Object.assign(document.createElement("canvas"), { width: 2 * image.width, height: 2 * image.height });
  const paint = canvas.getContext("2d");
  paint.fillStyle = getComputedStyle(document.body).backgroundColor;
  paint.fillRect(0, 0, canvas.width, canvas.height);
  paint.drawImage(image, 0, 0, canvas.width, canvas.height);
  Object.assign(document.createElement("a"), { href: canvas.toDataURL(), download: name }).click();
});
