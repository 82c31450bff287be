// Hints from a small picture, cheap enough for twice a second. They advise; the service decides.

// On the middle of 160 x 120 pixels, where the face is. Tried on a webcam's pictures, not measured:
// they are shown to the person and decide nothing.
const DARK = 60;
const BRIGHT = 200;
const BLURRED = 12;

/** Mean luma (0 to 255) and variance of its Laplacian, of the middle half of a picture. */
export function measurePicture({ data, width, height }) {
  const luma = new Float32Array(width * height);
  for (let i = 0; i < luma.length; i++) {
    luma[i] = 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];
  }
  let sum = 0, edges = 0, squares = 0, count = 0;
  for (let y = height >> 2; y < height - (height >> 2); y++) {
    for (let x = width >> 2; x < width - (width >> 2); x++) {
      const i = y * width + x;
      const edge = luma[i - 1] + luma[i + 1] + luma[i - width] + luma[i + width] - 4 * luma[i];
      sum += luma[i];
      edges += edge;
      squares += edge * edge;
      count++;
    }
  }
  return { light: sum / count, sharpness: squares / count - (edges / count) ** 2 };
}

export function judgeLight({ light }) {
  if (light < DARK) return "hint_dark";
  return light > BRIGHT ? "hint_bright" : "hint_good";
}

export function judgeSharpness({ sharpness }) {
  return sharpness < BLURRED ? "hint_blurred" : "hint_good";
}
