// SPDX-License-Identifier: MIT OR GPL-2.0-only
/*
 * stdio over the VFS, as much as Lua needs to load its files: a FILE is the whole file in memory,
 * read through kernel_read_file(), which security modules see. A script is code that the kernel runs,
 * so it is read as a module is.
 */
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/hash.h>
#include <linux/kernel_read_file.h>
#include <linux/path.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "stdio.h"
#include "klibc.h"

struct klibc_file {
	char *text;
	size_t size;
	size_t position;
	bool ended;
};

/*
 * Whose eyes see the files: those of who loaded the module. A callback runs in any task, whose root,
 * mounts and rights are not to decide what the kernel runs.
 */
static struct path root;
static const struct cred *loader;

void klibc_init(void)
{
	get_fs_root(current->fs, &root);
	loader = get_current_cred();
}

void klibc_exit(void)
{
	path_put(&root);
	put_cred(loader);
}

/* A regular file, or the error. To open another may wait for somebody else for ever (a pipe), or do something (a device). */
static struct file *check_regular(struct file *file)
{
	umode_t mode;

	if (IS_ERR(file))
		return file;
	mode = file_inode(file)->i_mode;
	if (S_ISREG(mode))
		return file;
	fput(file);
	return ERR_PTR(S_ISDIR(mode) ? -EISDIR : -EINVAL);
}

static struct file *open_regular(const struct path *folder, const char *path)
{
	struct file *file = check_regular(file_open_root(folder, path, O_PATH, 0));

	if (IS_ERR(file))
		return file;
	fput(file);
	/* By now it may be another. */
	return check_regular(file_open_root(folder, path, O_RDONLY | O_NONBLOCK, 0));
}

/* The script folder is the root: no link and no ".." leads out of it. */
static struct file *open_file(const char *path)
{
	struct file *folder = file_open_root(&root, KLIBC_ROOT, O_PATH | O_DIRECTORY, 0);
	struct file *file;

	if (IS_ERR(folder))
		return folder;
	file = open_regular(&folder->f_path, path);
	fput(folder);
	return file;
}

static ssize_t read_file(const char *path, void **text)
{
	const struct cred *before = override_creds(loader);
	struct file *file = open_file(path);
	ssize_t size;

	if (IS_ERR(file)) {
		size = PTR_ERR(file);
	} else {
		/* It takes an empty file for an error. */
		size = i_size_read(file_inode(file)) ?
		       kernel_read_file(file, 0, text, KLIBC_FILE_MAX, NULL, READING_MODULE) : 0;
		fput(file);
	}
	revert_creds(before);
	return size;
}

/* What opening and reading a file may take of the stack, with a file system over another. */
#define STACK_FOR_READING	(6144 * (IS_ENABLED(CONFIG_KASAN) ? 2 : 1))

/*
 * The last error of each task, and of what has interrupted it. Two may share a slot: then the one that failed before has
 * lost its reason, but is never told the other's.
 */
#define SLOT_BITS	6
static struct {
	unsigned long whose;
	int error;
} failures[1 << SLOT_BITS];
static DEFINE_RAW_SPINLOCK(failures_lock);

static unsigned long who_runs(void)
{
	return preemptible() ? (unsigned long)current : 4UL * smp_processor_id() + 2 * !!in_hardirq() + 1;
}

static void *fail(int error)
{
	unsigned long whose = who_runs(), flags;
	unsigned int slot = hash_long(whose, SLOT_BITS);

	raw_spin_lock_irqsave(&failures_lock, flags);
	failures[slot].whose = whose;
	failures[slot].error = error;
	raw_spin_unlock_irqrestore(&failures_lock, flags);
	return NULL;
}

int klibc_errno(void)
{
	unsigned long whose = who_runs(), flags;
	unsigned int slot = hash_long(whose, SLOT_BITS);
	int error;

	raw_spin_lock_irqsave(&failures_lock, flags);
	error = failures[slot].whose == whose ? failures[slot].error : EIO;
	raw_spin_unlock_irqrestore(&failures_lock, flags);
	return error;
}

/* A script's path is absolute, starts with the script folder and never climbs. */
static bool is_script_path(const char *path)
{
	const char *part;

	if (strncmp(path, KLIBC_ROOT, sizeof(KLIBC_ROOT) - 1))
		return false;
	for (part = path; part; part = strchr(part + 1, '/'))
		if (!strcmp(part, "/..") || !strncmp(part, "/../", 4))
			return false;
	return true;
}

FILE *fopen(const char *path, const char *mode)
{
	void *text = NULL;
	ssize_t size;
	FILE *f;

	if (!is_script_path(path))
		return fail(ENOENT);
	if (!preemptible())
		return fail(EWOULDBLOCK);
	if (current_stack_pointer - (unsigned long)task_stack_page(current) < STACK_FOR_READING)
		return fail(ENOMEM);
	f = kzalloc(sizeof(*f), GFP_KERNEL);
	if (!f)
		return fail(ENOMEM);
	size = read_file(path + sizeof(KLIBC_ROOT) - 1, &text);
	if (size < 0) {
		kfree(f);
		return fail(-size);
	}
	f->text = text;
	f->size = size;
	return f;
}

FILE *freopen(const char *path, const char *mode, FILE *f)
{
	fclose(f);
	return fopen(path, mode);
}

int fclose(FILE *f)
{
	if (f) {
		vfree(f->text);
		kfree(f);
	}
	return 0;
}

int getc(FILE *f)
{
	if (f->position == f->size) {
		f->ended = true;
		return EOF;
	}
	return (unsigned char)f->text[f->position++];
}

size_t fread(void *buffer, size_t size, size_t count, FILE *f)
{
	size_t bytes = min(size * count, f->size - f->position);

	memcpy(buffer, f->text + f->position, bytes);
	f->position += bytes;
	f->ended = bytes < size * count;
	return bytes / size;
}

int feof(FILE *f)
{
	return f->ended;
}

int ferror(FILE *f)
{
	return 0;
}

unsigned int klibc_seed(void)
{
	return get_random_u32();
}

const char *strerror(int number)
{
	switch (number) {
	case ENOENT:		return "No such file or directory";
	case EACCES:		return "Permission denied";
	case EPERM:		return "Operation not permitted";
	case EISDIR:		return "Is a directory";
	case EFBIG:		return "File too large";
	case ENOMEM:		return "Cannot allocate memory";
	case EWOULDBLOCK:	return "Cannot read files in this context";
	case ELOOP:		return "Too many levels of symbolic links";
	case EINVAL:		return "Not a regular file";
	case ENAMETOOLONG:	return "File name too long";
	default:		return "Input/output error";
	}
}
