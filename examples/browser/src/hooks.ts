import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** The width of an element in px, followed as it changes: drawings keep their text at one size. */
export function useWidth<E extends Element>(start: number): [RefObject<E | null>, number] {
  const ref = useRef<E>(null);
  const [width, setWidth] = useState(start);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    setWidth(element.getBoundingClientRect().width || start);
    const observer = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width || start));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}

const durationMs = 380;

/** Numbers that move to their targets instead of jumping there; at once where motion is unwelcome. */
export function useTween(targets: readonly number[]): readonly number[] {
  const [values, setValues] = useState(targets);
  const current = useRef(targets);
  useEffect(() => {
    const from = current.current;
    if (matchMedia('(prefers-reduced-motion: reduce)').matches || from.length !== targets.length) {
      current.current = targets;
      setValues(targets);
      return;
    }
    const start = performance.now();
    let frame = requestAnimationFrame(function step(now) {
      const progress = Math.min(1, Math.max(0, (now - start) / durationMs));
      const eased = 1 - (1 - progress) ** 3;
      current.current = targets.map((target, i) => (from[i] as number) + eased * (target - (from[i] as number)));
      setValues(current.current);
      if (progress < 1) frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [targets.join()]);
  return values;
}
