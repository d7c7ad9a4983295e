import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const api = process.env.AITBC_API_URL ?? 'http://127.0.0.1:8402';

export default defineConfig({
  plugins: [react(), tailwindcss()],
  server: { proxy: { '/api': { target: api, changeOrigin: true } } },
  build: { target: 'es2023', sourcemap: false, manifest: true, reportCompressedSize: false },
  test: {
    environment: 'jsdom',
    include: ['test/**/*.test.{ts,tsx}'],
    setupFiles: ['test/setup.ts'],
    restoreMocks: true,
    // One document for all files: making one for each costs more than all tests together.
    isolate: false,
    fileParallelism: false,
  },
});
