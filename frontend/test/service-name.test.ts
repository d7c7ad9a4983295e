import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { setLanguage } from '../src/i18n';
import { SERVICES, serviceName } from '../src/lib/service-name';

describe('the name of a service', () => {
  it('exists for everything that the product’s own agents offer, and for nothing else', () => {
    const catalog = readFileSync(`${import.meta.dirname}/../../agents_offchain/skills/catalog.py`, 'utf8');
    const [, described = ''] = /^DESCRIPTIONS: .*?\{\n(.*?)^\}/ms.exec(catalog) ?? [];
    const offered = [...described.matchAll(/^ {4}"([a-z-]+)":/gm)].map(([, service]) => service);
    expect(offered).toContain('inspect-image');
    expect([...SERVICES].sort()).toEqual(offered.sort());
  });

  it('is in words of either language', async () => {
    for (const language of ['en', 'de'] as const) {
      await setLanguage(language);
      for (const service of SERVICES) expect(serviceName(service)).toMatch(/^[A-ZÄÖÜ][a-zäöüß]+/);
      expect(new Set(SERVICES.map(serviceName)).size).toBe(SERVICES.length);
    }
    await setLanguage('en');
  });

  it('is the listing’s own where there are no words', () => {
    expect(serviceName('paint-a-fence')).toBe('paint-a-fence');
    expect(serviceName('constructor')).toBe('constructor');
  });
});
