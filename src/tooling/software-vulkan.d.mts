export function softwareVulkan(): { LD_LIBRARY_PATH: string; VK_DRIVER_FILES: string } | undefined;
