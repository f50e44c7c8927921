import { defineConfig } from 'vite';

/** With these headers a page is cross-origin isolated: it may use threads, and its clock is precise. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig({
  base: './',
  // The bundles become plain files beside the page: ./cifar10/manifest.json and so on.
  publicDir: '../bundles',
  build: { target: 'es2022', chunkSizeWarningLimit: 1000 },
  // Its .wasm file lies beside its code, where it would not be found from Vite's cache.
  optimizeDeps: { exclude: ['onnxruntime-web'] },
  server: { headers },
  preview: { headers },
});
