// SPDX-License-Identifier: MIT OR GPL-2.0-only
/* Character devices, and their file operations. */
#include <linux/capability.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/llist.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>

#include "kernel.h"
#include "lunatik_library.h"
#include "kernel/lockdown.h"
#include "kernel/memory.h"

#define DEVICES_MAX	4096

struct chardev {
	struct luadevice face;
	struct device device;
	struct cdev cdev;
	unsigned int mode;
	struct llist_head closed;	/* files for luadevice_next_closed() */
};

struct open_file {
	struct luadevice *device;
	int table;
	bool opened;
	struct llist_node node;
};

static dev_t first;
static DEFINE_IDA(minors);
static struct class *class;
/* Between the look whether a name is free and its use. */
static DEFINE_MUTEX(names);

/* --- file operations -------------------------------------------------------------------- */

static int chardev_open(struct inode *inode, struct file *file)
{
	struct chardev *chardev = container_of(inode->i_cdev, struct chardev, cdev);
	struct open_file *open;
	int error;

	if (chardev->face.privileged && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (chardev->face.privileged && lunatik_locked_down()) {
		pr_notice_ratelimited("lunatik: /dev/%s is not opened: the kernel is locked down\n",
				      dev_name(&chardev->device));
		return -EPERM;
	}
	open = kmalloc(sizeof(*open), GFP_KERNEL);
	if (!open)
		return -ENOMEM;
	open->device = &chardev->face;
	open->opened = false;
	error = luadevice_open(open->device, &open->table);
	if (error) {
		if (open->table == LUADEVICE_NO_TABLE)
			kfree(open);
		else
			llist_add(&open->node, &chardev->closed);
		return error;
	}
	open->opened = true;
	get_device(&chardev->device);
	file->private_data = open;
	return 0;
}

static int chardev_release(struct inode *inode, struct file *file)
{
	struct open_file *open = file->private_data;
	struct chardev *chardev = container_of(open->device, struct chardev, face);

	if (luadevice_release(open->device, open->table, true))
		kfree(open);
	else
		llist_add(&open->node, &chardev->closed);
	put_device(&chardev->device);
	return 0;
}

bool luadevice_next_closed(struct luadevice *device, int *table, bool *opened)
{
	struct chardev *chardev = container_of(device, struct chardev, face);
	/* Who is inside of the runtime is the only one to take. */
	struct llist_node *node = llist_empty(&chardev->closed) ? NULL : llist_del_first(&chardev->closed);
	struct open_file *open;

	if (!node)
		return false;
	open = container_of(node, struct open_file, node);
	*table = open->table;
	*opened = open->opened;
	kfree(open);
	return true;
}

static ssize_t chardev_read(struct file *file, char __user *to, size_t size, loff_t *offset)
{
	struct open_file *open = file->private_data;
	long long next = *offset;
	void *buffer = NULL;
	ssize_t length;

	length = luadevice_read(open->device, open->table, &buffer, size, &next);
	if (length > 0 && copy_to_user(to, buffer, length))
		length = -EFAULT;
	lunatik_memory_free(buffer);
	if (length >= 0)
		*offset = next;
	return length;
}

static ssize_t chardev_write(struct file *file, const char __user *from, size_t size, loff_t *offset)
{
	struct open_file *open = file->private_data;
	long long next = *offset;
	ssize_t length;
	void *buffer;

	if (size > open->device->limit)
		return -EMSGSIZE;
	buffer = kvmalloc(max_t(size_t, size, 1), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!buffer)
		return -ENOMEM;
	if (copy_from_user(buffer, from, size))
		length = -EFAULT;
	else
		length = luadevice_write(open->device, open->table, buffer, size, &next);
	kvfree(buffer);
	if (length >= 0)
		*offset = next;
	return length;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = chardev_open,
	.release = chardev_release,
	.read = chardev_read,
	.write = chardev_write,
};

/* --- devices ---------------------------------------------------------------------------- */

static void chardev_free(struct device *device)
{
	struct chardev *chardev = container_of(device, struct chardev, device);
	struct open_file *open, *next;

	/* Their runtime has ended. */
	llist_for_each_entry_safe(open, next, llist_del_all(&chardev->closed), node)
		kfree(open);
	luadevice_freed(&chardev->face);
	ida_free(&minors, MINOR(device->devt));
	kfree(chardev);
}

struct luadevice *luadevice_new(const char *name, unsigned int mode)
{
	struct chardev *chardev = kzalloc(sizeof(*chardev), GFP_KERNEL);
	int minor;

	if (!chardev)
		return NULL;
	minor = ida_alloc_max(&minors, DEVICES_MAX - 1, GFP_KERNEL);
	if (minor < 0) {
		kfree(chardev);
		return NULL;
	}
	chardev->mode = mode;
	init_llist_head(&chardev->closed);
	cdev_init(&chardev->cdev, &operations);
	chardev->cdev.owner = THIS_MODULE;
	device_initialize(&chardev->device);
	chardev->device.class = class;
	chardev->device.devt = MKDEV(MAJOR(first), minor);
	chardev->device.release = chardev_free;
	if (dev_set_name(&chardev->device, "%s", name)) {
		put_device(&chardev->device);
		return NULL;
	}
	return &chardev->face;
}

/* -EEXIST when /dev has the name: another device of ours, or anything else. */
static int check_free(const char *name)
{
	struct path path;
	char *full = kasprintf(GFP_KERNEL, "/dev/%s", name);
	int error;

	if (!full)
		return -ENOMEM;
	error = kern_path(full, 0, &path);
	kfree(full);
	if (!error) {
		path_put(&path);
		return -EEXIST;
	}
	return error == -ENOENT ? 0 : error;
}

int luadevice_add(struct luadevice *device)
{
	struct chardev *chardev = container_of(device, struct chardev, face);
	int error;

	mutex_lock(&names);
	error = check_free(dev_name(&chardev->device));
	if (!error)
		error = cdev_device_add(&chardev->cdev, &chardev->device);
	mutex_unlock(&names);
	return error;
}

void luadevice_remove(struct luadevice *device)
{
	struct chardev *chardev = container_of(device, struct chardev, face);

	cdev_device_del(&chardev->cdev, &chardev->device);
	put_device(&chardev->device);
}

void luadevice_put(struct luadevice *device)
{
	put_device(&container_of(device, struct chardev, face)->device);
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
static char *devnode(const struct device *device, umode_t *mode)
#else
static char *devnode(struct device *device, umode_t *mode)
#endif
{
	if (mode)
		*mode = container_of(device, struct chardev, device)->mode;
	return NULL;
}

/* --- the module ------------------------------------------------------------------------- */

static struct lunatik_library library = { .name = "device", .open = luaopen_device, .owner = THIS_MODULE };

static int __init luadevice_init(void)
{
	int error = alloc_chrdev_region(&first, 0, DEVICES_MAX, "lunatik");

	if (error)
		return error;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	class = class_create("lunatik");
#else
	class = class_create(THIS_MODULE, "lunatik");
#endif
	if (IS_ERR(class)) {
		error = PTR_ERR(class);
		goto no_class;
	}
	class->devnode = devnode;
	error = lunatik_library_add(&library);
	if (error)
		goto no_library;
	return 0;

no_library:
	class_destroy(class);
no_class:
	unregister_chrdev_region(first, DEVICES_MAX);
	return error;
}

static void __exit luadevice_exit(void)
{
	lunatik_library_remove(&library);
	class_destroy(class);
	unregister_chrdev_region(first, DEVICES_MAX);
	ida_destroy(&minors);
}

module_init(luadevice_init);
module_exit(luadevice_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Lua binding of character devices");
MODULE_ALIAS("lunatik-lib-device");
