import { useEffect, useRef, useState } from 'preact/hooks';
import { words } from '../format.js';
import { openCamera, openImage, openSample, type Picture } from '../picture.js';
import { samples } from '../samples.js';
import type { Studio } from '../studio.js';

export function PictureCard({ studio }: { studio: Studio }) {
  const picture = studio.picture.value;
  const file = useRef<HTMLInputElement>(null);
  const dropping = useDrop((dropped) => studio.show(openImage(dropped, dropped.name || 'the image')));
  const choose = (files: FileList | null) => {
    const [chosen] = files ?? [];
    if (chosen) studio.show(openImage(chosen, chosen.name));
  };
  const [first] = samples;
  useEffect(() => {
    if (!studio.picture.value && first) studio.show(openSample(first.url, first.name));
  }, []);
  return (
    <section class={`card picture ${dropping ? 'dropping' : ''}`} aria-labelledby="picture-title">
      <h2 id="picture-title">
        <span class="step">3</span> A picture
      </h2>
      <div class="viewer">
        <Viewer picture={picture} />
        <div class="sources">
          <input
            ref={file}
            type="file"
            accept="image/*"
            class="hidden"
            aria-label="Image file"
            tabIndex={-1}
            onChange={(event) => {
              choose(event.currentTarget.files);
              event.currentTarget.value = '';
            }}
          />
          <button type="button" class="primary" onClick={() => file.current?.click()}>
            Choose an image
          </button>
          {picture?.kind === 'camera' ? (
            <button type="button" onClick={() => first && studio.show(openSample(first.url, first.name))}>
              Stop the camera
            </button>
          ) : (
            <button type="button" onClick={() => studio.show(openCamera())}>
              Use the camera
            </button>
          )}
          <p class="note">… or drop one anywhere, or paste it. It stays on this device.</p>
        </div>
      </div>
      <ul class="samples" aria-label="Drawings to try">
        {samples.map(({ name, url }) => (
          <li key={name}>
            <button
              type="button"
              aria-pressed={picture?.kind === 'still' && picture.name === name}
              onClick={() => studio.show(openSample(url, name))}
            >
              <img src={url} alt={words(name)} width="44" height="44" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Viewer({ picture }: { picture: Picture | undefined }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (picture?.kind !== 'camera' || !video.current) return;
    video.current.srcObject = picture.stream;
    video.current.play().catch(() => undefined);
  }, [picture]);
  if (picture?.kind === 'camera') {
    return <video ref={video} class="shown" muted playsInline aria-label="What the camera sees" />;
  }
  return picture ? (
    <img class="shown" src={picture.url} alt={`To be classified: ${words(picture.name)}`} />
  ) : (
    <div class="shown" />
  );
}

/** Images that are dropped on or pasted into the page. @returns whether one is being dragged over it */
function useDrop(take: (file: File) => void): boolean {
  const [dragging, setDragging] = useState(false);
  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    const over = (event: DragEvent) => {
      event.preventDefault();
      setDragging(true);
    };
    const drop = (event: DragEvent) => {
      event.preventDefault();
      setDragging(false);
      const [dropped] = event.dataTransfer?.files ?? [];
      if (dropped) take(dropped);
    };
    const paste = (event: ClipboardEvent) => {
      const [pasted] = event.clipboardData?.files ?? [];
      if (pasted) take(pasted);
    };
    addEventListener('dragover', over, { signal });
    addEventListener('dragleave', (event) => event.relatedTarget === null && setDragging(false), { signal });
    addEventListener('drop', drop, { signal });
    addEventListener('paste', paste, { signal });
    return () => ending.abort();
  }, []);
  return dragging;
}
