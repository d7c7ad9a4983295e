import { t } from '../i18n';

/** What the product's own agents can offer, in the order of the filter. */
export const SERVICES = [
  'inspect-image',
  'observe-scene',
  'answer-from-documents',
  'summarise',
  'extract-fields',
  'classify',
  'translate',
  'judge',
] as const;
export type Service = (typeof SERVICES)[number];

/** A service's name for people; one this page has no word for is shown as the listing names it. */
export function serviceName(serviceType: string): string {
  return isKnown(serviceType) ? t(`service.${serviceType}`) : serviceType;
}

const isKnown = (serviceType: string): serviceType is Service =>
  (SERVICES as readonly string[]).includes(serviceType);
