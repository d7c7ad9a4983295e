import { type MessageKey, t } from '../i18n';

const KNOWN: Record<string, MessageKey> = { 'inspect-image': 'service.inspect-image' };

/** A service's name for people; one this page has no word for is shown as the listing names it. */
export function serviceName(serviceType: string): string {
  const key = KNOWN[serviceType];
  return key ? t(key) : serviceType;
}
