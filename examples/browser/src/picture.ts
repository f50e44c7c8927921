/** What is being classified: a still image, or what the camera sees now. */
export type Picture =
  | { readonly kind: 'still'; readonly name: string; readonly url: string; readonly pixels: ImageData }
  | { readonly kind: 'camera'; readonly name: string; readonly stream: MediaStream; readonly video: HTMLVideoElement };

/** Larger images are scaled down before they are kept: the network sees 32 x 32 of them. */
const largestSide = 512;

/** @throws Error whose message is for people */
export async function openImage(source: Blob, name: string): Promise<Picture> {
  const bitmap = await createImageBitmap(source).catch(() => undefined);
  if (!bitmap) throw new Error(`${name} is not an image that this browser can read.`);
  return { kind: 'still', name, url: URL.createObjectURL(source), pixels: pixelsOf(bitmap) };
}

/** A drawing that comes with the page. SVGs are drawn through an element, which decodes them everywhere. */
export async function openSample(url: string, name: string): Promise<Picture> {
  const image = new Image();
  image.src = url;
  await image.decode();
  return { kind: 'still', name, url, pixels: pixelsOf(image, 32) };
}

/** @throws Error whose message is for people */
export async function openCamera(): Promise<Picture> {
  if (!navigator.mediaDevices) throw new Error('The camera needs a page that comes over HTTPS or from localhost.');
  const stream = await navigator.mediaDevices
    .getUserMedia({ video: { width: 320, height: 320, facingMode: 'environment' } })
    .catch((error: DOMException) => {
      throw new Error(
        error.name === 'NotAllowedError' ? 'The camera was not allowed.' : 'There is no camera that can be used.',
      );
    });
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.srcObject = stream;
  await video.play();
  return { kind: 'camera', name: 'the camera', stream, video };
}

export function closePicture(picture: Picture | undefined): void {
  if (picture?.kind === 'camera') for (const track of picture.stream.getTracks()) track.stop();
  else if (picture?.url.startsWith('blob:')) URL.revokeObjectURL(picture.url);
}

function pixelsOf(image: ImageBitmap | HTMLImageElement, side?: number): ImageData {
  const scale = Math.min(1, largestSide / Math.max(image.width, image.height));
  const width = side ?? Math.max(1, Math.round(image.width * scale));
  const height = side ?? Math.max(1, Math.round(image.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}
